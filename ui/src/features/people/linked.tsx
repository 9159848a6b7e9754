import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Menu, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Problem } from '../../api/http';
import { beginLink, doors, expectPerson, type Tie, ties, unlink } from '../../api/providers';
import { useSentence, useTell } from '../../kit/failure';
import { Panel } from '../../kit/page';
import { When } from '../../kit/when';
import classes from './people.module.css';

/** The providers by which a person signs in; nothing where the firm has none. */
export function LinkedPanel({ person, own = false }: { person: string; own?: boolean }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const sentence = useSentence();
  const back: { linked?: string; refused?: string } = useSearch({ strict: false });
  const { data: offered = [] } = useQuery({ ...doors, retry: false });
  const { data: linked = [] } = useQuery({ ...ties(person), retry: false });
  const [busy, setBusy] = useState(false);
  const free = offered.filter((door) => !linked.some((tie) => tie.provider.id === door.id));
  if (linked.length === 0 && offered.length === 0) return null;
  const again = () => client.invalidateQueries({ queryKey: ['people', person, 'providers'] });

  async function link(provider: string) {
    setBusy(true);
    try {
      if (own) location.assign((await beginLink(provider)).url);
      else {
        await expectPerson(person, provider);
        await again();
        setBusy(false);
      }
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  return (
    <Panel
      title={t`Sign-in by a provider`}
      note={
        own
          ? t`Linked, you sign in with your firm’s account, too.`
          : t`Whoever is let in here comes by the provider, with the mail address of this account.`
      }
      action={
        free.length > 0 ? (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" loading={busy}>
                {own ? <Trans>Link</Trans> : <Trans>Let in</Trans>}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {free.map((door) => (
                <Menu.Item key={door.id} onClick={() => void link(door.id)}>
                  {door.name}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        ) : undefined
      }
    >
      {own && back.linked && (
        <Alert color="accent" variant="light" mb="sm" role="status">
          <Trans>Linked. From now on you can sign in by the provider.</Trans>
        </Alert>
      )}
      {own && back.refused && (
        <Alert color="red" variant="light" mb="sm" role="alert">
          {sentence(new Problem(403, { code: back.refused }))}
        </Alert>
      )}
      {linked.length === 0 ? (
        <Text size="sm" c="dimmed">
          <Trans>Not linked to any.</Trans>
        </Text>
      ) : (
        <ul className={classes.list}>
          {linked.map((tie) => (
            <li key={tie.provider.id} className={classes.item}>
              <div className={classes.grow}>
                <div className={classes.device}>{tie.provider.name}</div>
                <div className={classes.quiet}>
                  {tie.shown && `${tie.shown} · `}
                  <Used tie={tie} />
                </div>
              </div>
              <Button variant="default" onClick={() => unlink(person, tie.provider.id).then(again, tell)}>
                <Trans>Unlink</Trans>
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Used({ tie }: { tie: Tie }) {
  if (tie.how === 'awaited') return <Trans>awaited; has not come yet</Trans>;
  return tie.last_used_at ? (
    <Trans>
      last used <When at={tie.last_used_at} />
    </Trans>
  ) : (
    <Trans>
      linked <When at={tie.made_at} />
    </Trans>
  );
}
