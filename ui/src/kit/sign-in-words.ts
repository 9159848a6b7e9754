import { useLingui } from '@lingui/react/macro';

/** How a session began. */
export function useHowWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    password: t`by password`,
    link: t`by a one-time link`,
    setup: t`by setting the workspace up`,
  };
}

/** Why a session has ended. */
export function useEndWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    signed_out: t`signed out`,
    ended: t`ended by hand`,
    asked: t`all sessions were ended`,
    everyone: t`the sessions of everybody were ended`,
    disowned: t`it was somebody else`,
    password: t`the password was changed`,
    role: t`the role was changed`,
    deactivated: t`the account was deactivated`,
    idle: t`not used for too long`,
    old: t`too old`,
  };
}
