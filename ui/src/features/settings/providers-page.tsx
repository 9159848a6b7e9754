import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Checkbox,
  Group,
  Modal,
  PasswordInput,
  Select,
  Skeleton,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlus, IconUserShield, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { roles } from '../../api/people';
import {
  addProvider,
  changeProvider,
  checkProvider,
  type Provider,
  providers,
  removeProvider,
} from '../../api/providers';
import { Empty } from '../../kit/empty';
import { Failure, useSentence, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useUnsaved } from '../../kit/unsaved';
import { labelIn } from '../../text';
import { Address } from './once';
import classes from './settings.module.css';

/** The identity providers by which people sign in, and whom each lets in. */
export function ProvidersPage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(providers);
  const [adding, setAdding] = useState(false);
  if (error) return <Failure failure={error} retry={refetch} />;
  return (
    <Column>
      <Panel
        title={t`Sign-in providers`}
        note={t`People sign in with your firm’s own accounts (OpenID Connect). Nobody gets into an account only because a mail address is the same.`}
        action={
          !adding && (
            <Button variant="default" leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
              <Trans>Add a provider</Trans>
            </Button>
          )
        }
      >
        {adding ? (
          <Editor onDone={() => setAdding(false)} />
        ) : !data ? (
          <Skeleton height={100} />
        ) : data.length === 0 ? (
          <Empty icon={<IconUserShield size={24} />} title={t`No provider`}>
            <Trans>People sign in with a password.</Trans>
          </Empty>
        ) : (
          <ul className={classes.list}>
            {data.map((each) => (
              <Row key={each.id} of={each} />
            ))}
          </ul>
        )}
      </Panel>
    </Column>
  );
}

function Row({ of: provider }: { of: Provider }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [busy, setBusy] = useState(false);
  const again = () =>
    Promise.all(['providers', 'doors'].map((key) => client.invalidateQueries({ queryKey: [key] })));

  async function check() {
    setBusy(true);
    try {
      await checkProvider(provider.id);
      notifications.show({ message: t`${provider.name} answers as it should.` });
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <li className={classes.item}>
      <div className={classes.head}>
        <div className={classes.grow}>
          <div className={classes.name}>
            {provider.name}{' '}
            {!provider.active && (
              <Badge size="sm" variant="light" color="gray" tt="none">
                <Trans>switched off</Trans>
              </Badge>
            )}
          </div>
          <div className={classes.quiet}>{provider.issuer}</div>
          <div className={classes.quiet}>
            <Trans>linked people: {provider.people}</Trans>
          </div>
        </div>
        <div className={classes.acts}>
          <Button variant="default" loading={busy} onClick={() => void check()}>
            <Trans>Try</Trans>
          </Button>
          {!editing && (
            <Button variant="default" onClick={() => setEditing(true)}>
              <Trans>Change</Trans>
            </Button>
          )}
          <ActionIcon size={30} aria-label={t`Remove ${provider.name}`} onClick={() => setRemoving(true)}>
            <IconX size={16} />
          </ActionIcon>
        </div>
      </div>
      {!provider.stands && (
        <Alert color="orange" variant="light" mt="xs">
          <Trans>
            {provider.set_by.name} has set it and may no longer let these people in. Nobody new comes in by it
            until somebody who may saves it again.
          </Trans>
        </Alert>
      )}
      {editing && <Editor saved={provider} onDone={() => setEditing(false)} />}
      {removing && (
        <Modal
          opened
          onClose={() => setRemoving(false)}
          title={t`Remove ${provider.name}?`}
          closeButtonProps={{ 'aria-label': t`Close` }}
        >
          <Text size="sm">
            <Trans>
              All links to it ({provider.people}) and all sessions that it began end. Whoever has no password
              needs a one-time link.
            </Trans>
          </Text>
          <Group justify="flex-end" mt="md">
            <Button variant="default" onClick={() => setRemoving(false)}>
              <Trans>Cancel</Trans>
            </Button>
            <Button
              color="red"
              onClick={() => removeProvider(provider.id, provider.version).then(again, tell)}
            >
              <Trans>Remove</Trans>
            </Button>
          </Group>
        </Modal>
      )}
    </li>
  );
}

interface ByGroup {
  group: string;
  role: string;
}

function Editor({ saved, onDone }: { saved?: Provider; onDone: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const sentence = useSentence();
  const { data: allRoles = [] } = useQuery({ ...roles, retry: false });
  const [name, setName] = useState(saved?.name ?? '');
  const [issuer, setIssuer] = useState(saved?.issuer ?? '');
  const [id, setID] = useState(saved?.client_id ?? '');
  const [secret, setSecret] = useState('');
  const [domains, setDomains] = useState<string[]>(saved?.domains ?? []);
  const [attaches, setAttaches] = useState(saved?.attaches ?? false);
  const [newcomers, setNewcomers] = useState<string | null>(saved?.newcomers ?? null);
  const [claim, setClaim] = useState(saved?.groups_claim ?? '');
  const [byGroup, setByGroup] = useState<ByGroup[]>(saved?.roles ?? []);
  const [factor, setFactor] = useState(saved?.trusts_factor ?? false);
  const [active, setActive] = useState(saved?.active ?? true);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const now = JSON.stringify([
    name,
    issuer,
    id,
    secret,
    domains,
    attaches,
    newcomers,
    claim,
    byGroup,
    factor,
    active,
  ]);
  const [begun] = useState(now);
  useUnsaved(now !== begun);
  const choice = allRoles
    .filter((each) => each.built !== 'owner')
    .map((each) => ({ value: each.id, label: labelIn(each.labels) || each.name }));

  async function save() {
    setBusy(true);
    setFailure(null);
    const draft = {
      name: name.trim(),
      client_id: id.trim(),
      domains,
      attaches,
      ...(newcomers ? { newcomers } : {}),
      groups_claim: claim.trim(),
      roles: byGroup.filter((each) => each.group.trim() && each.role),
      trusts_factor: factor,
      active,
      ...(secret ? { client_secret: secret } : {}),
    };
    try {
      if (saved) await changeProvider(saved.id, { ...draft, version: saved.version });
      else await addProvider({ ...draft, issuer: issuer.trim() });
      await Promise.all(['providers', 'doors'].map((key) => client.invalidateQueries({ queryKey: [key] })));
      onDone();
    } catch (problem) {
      setFailure(problem);
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap="sm" mt={saved ? 'sm' : 0}>
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {sentence(failure)}
          </Alert>
        )}
        <TextInput
          size="sm"
          label={t`Name on the button`}
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          size="sm"
          label={t`Address of the provider (issuer)`}
          description={
            saved
              ? t`It cannot change: people are linked to what this provider says.`
              : t`Exactly as the provider writes it, such as https://login.example.com.`
          }
          required
          withAsterisk={false}
          disabled={!!saved}
          inputMode="url"
          value={issuer}
          onChange={(event) => setIssuer(event.currentTarget.value)}
        />
        <Group gap="sm" align="flex-end" grow preventGrowOverflow={false}>
          <TextInput
            size="sm"
            miw={200}
            label={t`Client ID`}
            required
            withAsterisk={false}
            autoComplete="off"
            value={id}
            onChange={(event) => setID(event.currentTarget.value)}
          />
          <PasswordInput
            size="sm"
            miw={200}
            label={t`Client secret`}
            placeholder={saved?.has_secret ? t`kept; empty leaves it` : ''}
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the secret` }}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
        </Group>
        {saved && (
          <Address label={t`Tell the provider this address (redirect URI)`} value={saved.redirect_uri} />
        )}
        <TagsInput
          size="sm"
          label={t`Mail domains of your firm`}
          description={t`Only people with a verified address of these domains can come in without having been linked.`}
          placeholder="example.com"
          value={domains}
          onChange={setDomains}
        />
        <Checkbox
          label={t`Who has an account with such an address gets into it, without linking it first`}
          disabled={domains.length === 0}
          checked={attaches}
          onChange={(event) => setAttaches(event.currentTarget.checked)}
        />
        <Select
          size="sm"
          maw={320}
          label={t`Who has no account yet gets one with the role`}
          placeholder={t`Nobody: they stay out`}
          clearable
          disabled={domains.length === 0}
          data={choice}
          value={newcomers}
          onChange={setNewcomers}
        />
        <TextInput
          size="sm"
          maw={320}
          label={t`Claim that names groups`}
          description={t`To give newcomers a role by their group.`}
          placeholder="groups"
          value={claim}
          onChange={(event) => setClaim(event.currentTarget.value)}
        />
        {claim.trim() && (
          <Stack gap="xs">
            {byGroup.map((each, index) => (
              <Group key={index} gap="xs" wrap="nowrap">
                <TextInput
                  size="sm"
                  style={{ flex: 1, minWidth: 0 }}
                  aria-label={t`Group`}
                  placeholder={t`Group`}
                  value={each.group}
                  onChange={(event) => {
                    const group = event.currentTarget.value;
                    setByGroup(byGroup.map((old, i) => (i === index ? { ...old, group } : old)));
                  }}
                />
                <Select
                  size="sm"
                  style={{ flex: 1, minWidth: 0 }}
                  aria-label={t`Role`}
                  placeholder={t`Role`}
                  allowDeselect={false}
                  data={choice}
                  value={each.role || null}
                  onChange={(role) =>
                    setByGroup(byGroup.map((old, i) => (i === index ? { ...old, role: role ?? '' } : old)))
                  }
                />
                <ActionIcon
                  aria-label={t`Remove`}
                  onClick={() => setByGroup(byGroup.filter((_, i) => i !== index))}
                >
                  <IconX size={15} />
                </ActionIcon>
              </Group>
            ))}
            <Group>
              <Button
                variant="subtle"
                leftSection={<IconPlus size={15} />}
                onClick={() => setByGroup([...byGroup, { group: '', role: '' }])}
              >
                <Trans>Role by group</Trans>
              </Button>
            </Group>
          </Stack>
        )}
        <Checkbox
          label={t`A second factor that the provider has asked for counts here, too`}
          checked={factor}
          onChange={(event) => setFactor(event.currentTarget.checked)}
        />
        <Switch
          label={t`People may sign in by it`}
          checked={active}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button variant="subtle" onClick={onDone}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            type="submit"
            loading={busy}
            disabled={!name.trim() || !id.trim() || (!saved && !issuer.trim())}
          >
            <Trans>Save</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
