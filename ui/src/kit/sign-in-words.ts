import { useLingui } from '@lingui/react/macro';

/** How a session began. */
export function useHowWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    password: t`by password`,
    link: t`by a one-time link`,
    setup: t`by setting the workspace up`,
    passkey: t`by passkey`,
    provider: t`through the company’s provider`,
  };
}

/** What somebody proves besides the password, or instead of it. */
export function useFactorWords(): Record<string, string> {
  const { t } = useLingui();
  return { totp: t`authenticator app`, passkey: t`passkey` };
}

/** Why a session has ended. */
export function useEndWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    signed_out: t`signed out`,
    replaced: t`replaced by a new sign-in`,
    ended: t`ended by hand`,
    asked: t`all sessions were ended`,
    everyone: t`the sessions of everybody were ended`,
    disowned: t`it was somebody else`,
    password: t`the password was changed`,
    role: t`the role was changed`,
    deactivated: t`the account was deactivated`,
    factor: t`the second step was changed`,
    provider: t`the sign-in provider was switched off`,
    unlinked: t`the sign-in by the provider was unlinked`,
    idle: t`not used for too long`,
    old: t`too old`,
  };
}

/** Why somebody was not let in. */
export function useRefusalWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    unknown: t`there is no such account`,
    password: t`wrong password`,
    deactivated: t`the account is deactivated`,
    no_password: t`the account has no password yet`,
    slowed: t`too many tries`,
    network: t`not from this network`,
    hour: t`not at this hour`,
    link: t`the link does not hold`,
    done: t`the workspace is set up already`,
    ended: t`the key has ended`,
    code: t`wrong code`,
    used: t`the code was used before`,
    none: t`there is no second factor`,
    recovery: t`wrong recovery code`,
    passkey: t`the passkey did not fit`,
    challenge: t`the passkey came too late`,
    cloned: t`the passkey may have been copied`,
    factor: t`the second factor was not proved`,
    unlinked: t`the account is not linked to the provider`,
    provider: t`the provider did not vouch`,
    other: t`another reason`,
  };
}

/** What happened about getting in, in a few words. Whose account it is stands before them. */
export function useSignInEventWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    'session.started': t`signed in`,
    'session.halfway': t`gave the right password; a second factor is outstanding`,
    'session.refused': t`sign-in refused`,
    'session.ended': t`session ended`,
    'session.disowned': t`said of a session that it was not theirs`,
    'sessions.ended': t`all sessions ended`,
    'sessions.all_ended': t`ended the sessions of everybody`,
    'setup.refused': t`setting the workspace up was refused`,
    'link.created': t`one-time link made`,
    'link.revoked': t`one-time links revoked`,
    'link.refused': t`one-time link refused`,
    'reset.requested': t`asked for a new password`,
    'email.change_requested': t`asked to change the mail address`,
    'person.password_changed': t`password changed`,
    'person.role_changed': t`role changed`,
    'person.deactivated': t`account deactivated`,
    'person.reactivated': t`account activated again`,
    'key.created': t`program key made`,
    'key.changed': t`program key changed`,
    'key.ended': t`program key ended`,
    'key.refused': t`program key refused`,
    'entry.refused': t`not let in`,
    'terms.changed': t`terms of entry changed`,
    'terms.lifted': t`terms of entry lifted at the server`,
    'factor.enrolled': t`second factor added`,
    'factor.postponed': t`second factor left for later`,
    'factor.renamed': t`second factor renamed`,
    'factor.removed': t`second factor taken away`,
    'factor.reset': t`every second factor taken away`,
    'factor.proved': t`second factor proved`,
    'factor.refused': t`second factor refused`,
    'factor.locked': t`too many wrong second factors: the next try must wait`,
    'recovery.issued': t`new recovery codes made`,
    'recovery.used': t`recovery code used`,
    'stepup.passed': t`proved once more who they are`,
    'stepup.refused': t`could not prove once more who they are`,
    'provider.created': t`sign-in provider added`,
    'provider.changed': t`sign-in provider changed`,
    'provider.deleted': t`sign-in provider removed`,
    'tie.expected': t`let in through a sign-in provider`,
    'tie.made': t`linked to a sign-in provider`,
    'tie.ended': t`unlinked from a sign-in provider`,
    'directory.changed': t`keeping in step with the directory changed`,
  };
}
