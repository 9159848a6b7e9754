import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import {
  IconBuilding,
  IconCalendarEvent,
  IconChecklist,
  IconFileImport,
  IconFolder,
  IconListSearch,
  IconMessage,
  IconPhone,
  IconPlus,
  IconProgressCheck,
  IconReceipt,
  IconScale,
  IconScissors,
  IconTargetArrow,
  IconUserQuestion,
  IconUsers,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Kind } from '../../api/kinds';
import { Empty } from '../../kit/empty';

const icons: Record<string, typeof IconUsers> = {
  contact: IconUsers,
  company: IconBuilding,
  legal_entity: IconScale,
  deal: IconTargetArrow,
  task: IconChecklist,
  appointment: IconCalendarEvent,
  service: IconScissors,
  invoice: IconReceipt,
  prospect_list: IconListSearch,
  prospect: IconUserQuestion,
  call: IconPhone,
  message: IconMessage,
  process: IconProgressCheck,
};

/** A list in which there is nothing yet: what belongs there, and the first step. */
export default function NothingYet({
  kind,
  onCreate,
  mayImport,
}: {
  kind: Kind;
  onCreate?: () => void;
  mayImport: boolean;
}) {
  const { t } = useLingui();
  const words = useBelongs();
  const Icon = icons[kind.name] ?? IconFolder;
  const client = kind.name === 'contact';
  return (
    <Empty
      icon={<Icon size={24} />}
      title={client ? t`Your clients will be here` : t`Nothing here yet`}
      action={
        <>
          {mayImport && (
            <Button component={Link} to="/import" leftSection={<IconFileImport size={15} />}>
              <Trans>Import a file</Trans>
            </Button>
          )}
          {onCreate && (
            <Button
              variant={mayImport ? 'default' : 'filled'}
              leftSection={<IconPlus size={15} />}
              onClick={onCreate}
            >
              {client ? <Trans>Add the first client</Trans> : <Trans>Add the first one</Trans>}
            </Button>
          )}
        </>
      }
    >
      {words[kind.name] ?? (
        <Trans>Records that you create, and those shared with you, appear in this list.</Trans>
      )}
    </Empty>
  );
}

function useBelongs(): Record<string, ReactNode> {
  return {
    contact: (
      <Trans>
        Bring a file from the system that you used before: a CSV, Excel or vCard file. You see what would
        happen before anything does, and it can be undone.
      </Trans>
    ),
    company: <Trans>Firms whose people are your clients. A client is put into one on their card.</Trans>,
    legal_entity: (
      <Trans>
        Who is named on an invoice: tick “One of ours” on your own, with their tax number and account; others
        are those who pay.
      </Trans>
    ),
    deal: (
      <Trans>
        What somebody may buy, from the first question to the answer. Deals pass through the stages of a
        pipeline.
      </Trans>
    ),
    task: <Trans>What is to be done, by whom and when. Plan one on a client's card or here.</Trans>,
    appointment: <Trans>Visits that were booked. They are booked in the journal, and listed here.</Trans>,
    service: (
      <Trans>What you offer, with its price and how long it takes; the booking window fills both in.</Trans>
    ),
    invoice: (
      <Trans>
        Drafts are free to change; issued ones have a number without gaps, a PDF, and stay as they are.
      </Trans>
    ),
    prospect_list: (
      <Trans>
        A list keeps people who are not clients yet, from a fair or a directory. Make one, and paste its rows
        from a spreadsheet.
      </Trans>
    ),
    prospect: (
      <Trans>
        The rows of all prospect lists. One click makes a client of a row, with a deal to begin with.
      </Trans>
    ),
    folder: (
      <Trans>
        A folder keeps together what belongs to one customer: clients, companies, deals. To open it opens
        nothing that you may not see.
      </Trans>
    ),
    call: <Trans>Calls made, taken and missed. Record one on the client's card, or here.</Trans>,
    message: <Trans>Mails, text messages and chat notes with clients.</Trans>,
    process: (
      <Trans>
        What follows a won deal, stage by stage, with tasks that set themselves. Its steps are set under
        Settings, Pipelines.
      </Trans>
    ),
  };
}
