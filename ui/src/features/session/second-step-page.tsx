import { Trans, useLingui } from '@lingui/react/macro';
import { Anchor } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { proveByPasskey, proveFactor } from '../../api/factors';
import { type Halfway, halfwayKey, signOut } from '../../api/session';
import { ProofForm } from '../../kit/proof';
import { Door } from './door';
import { Enrol } from './enrol';
import { LanguageChoice } from './language-choice';

const route = getRouteApi('/second-step');

/** After the right password: the second factor, or adding the one that is demanded. */
export function SecondStepPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const { to } = route.useSearch();
  const [halfway] = useState(() => client.getQueryData<Halfway | null>(halfwayKey));

  function enter() {
    client.clear();
    // Only an address of this page is followed.
    location.assign(to && /^\/(?!\/|\\)/.test(to) ? to : '/');
  }

  async function leave() {
    await signOut().catch(() => {});
    client.clear();
    location.assign('/sign-in');
  }

  if (halfway?.needs === 'enrol') {
    return (
      <Door
        title={t`Protect your account`}
        lead={<Trans>Here everybody proves with a second thing that it is them. It takes a minute.</Trans>}
      >
        <Enrol onDone={enter} />
        <Anchor component="button" type="button" size="sm" c="dimmed" mt="md" onClick={leave}>
          <Trans>Sign out</Trans>
        </Anchor>
        <LanguageChoice />
      </Door>
    );
  }
  return (
    <Door title={t`Second step`} lead={<Trans>The password is right. Now prove that it is you.</Trans>}>
      <ProofForm
        ways={halfway?.ways ?? []}
        prove={proveFactor}
        byPasskey={proveByPasskey}
        onProved={enter}
        onBack={leave}
        back={t`Back`}
      />
      <LanguageChoice />
    </Door>
  );
}
