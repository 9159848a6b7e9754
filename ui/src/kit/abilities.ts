import { useLingui } from '@lingui/react/macro';

/** What each ability lets do, in words. One that is not known here is shown by its name. */
export function useAbilityWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    'people.manage': t`Invite people, change and deactivate their accounts, give them roles and rights of their own`,
    'roles.manage': t`Make and change roles`,
    'groups.manage': t`Make and change groups, and say who belongs to them`,
    'rails.manage': t`Set the guard rails over all roles`,
    'settings.manage': t`Change the settings of the workspace`,
    'fields.manage': t`Add and change custom fields`,
    'pipelines.manage': t`Make, change and delete pipelines and their stages`,
    'keys.manage': t`Make and revoke program keys`,
    'security.manage': t`Say on what terms people are let in: from which networks, at which hours, with which proofs, for how long`,
    'accounts.sync': t`Keep accounts and groups in step with the firm’s directory, as far as the owner of the key may (for programs)`,
    'ledger.read': t`Read the log: who saw, changed or took what`,
    'ledger.read_own': t`Read the log of their own actions`,
    'exports.read': t`See past exports and imports, and fetch their files`,
    'import.run': t`Import records from files`,
    'records.share': t`Share a record with a group, or with one person until a date`,
    'records.assign': t`Make somebody else responsible for a record`,
    'records.find_exact': t`Find a client by the whole number or address, even where it is masked`,
    'records.bin': t`See deleted records and restore them`,
    'records.bulk': t`Change or delete many records at once`,
    'records.merge': t`Merge records of the same client that they may change and delete`,
    'records.absorb': t`Merge also what they may change and not delete; what goes lies in the bin, and one step takes it back`,
    'views.share': t`Make saved views of lists that everyone or a group sees`,
    'records.revert': t`Return a record to an earlier state`,
    'records.seen': t`See who has ever seen a record`,
    'invoices.issue': t`Issue invoices, and say that they are paid or void`,
    'invoices.print': t`Fetch issued invoices as PDF`,
    'schedule.manage': t`Say who takes appointments, and in which hours`,
    'journal.busy': t`See when else colleagues are busy, and not with what`,
    viewas: t`Look through the eyes of another person or role, without changing anything`,
    explain: t`Ask why somebody may see a record, and who may`,
  };
}
