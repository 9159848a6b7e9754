import { Trans, useLingui } from '@lingui/react/macro';
import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconKeyboard, IconLanguage, IconLogout } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { changePerson } from '../api/people';
import { useMe } from '../api/session';
import { Avatar } from '../kit/avatar';
import { useTell } from '../kit/failure';
import { roleName } from '../kit/words';
import { isLanguage, languages, speak } from '../text';
import { useLeave } from './leave';

/** The menu of whoever is signed in: language, light or dark, keys, the way out. */
export default function Me({ onKeys }: { onKeys: () => void }) {
  const { t, i18n } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = useLeave();

  async function choose(language: string) {
    if (!isLanguage(language)) return;
    await speak(language);
    try {
      if (!me.view_as) await changePerson(me.person.id, { language });
      client.setQueryData(['session'], { ...me, person: { ...me.person, language } });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <Menu position="bottom-end" width={250} closeOnItemClick={false}>
      <Menu.Target>
        <UnstyledButton
          aria-label={t`You: ${me.person.name}`}
          style={{ borderRadius: '50%', display: 'flex' }}
        >
          <Avatar name={me.person.name} size={30} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <div style={{ color: 'var(--c-text)', fontWeight: 600, fontSize: '0.8125rem' }}>
            {me.person.name}
          </div>
          <div>{roleName(me.person.role)}</div>
        </Menu.Label>
        <Menu.Divider />
        <div role="group" aria-label={t`Colours`}>
          <Menu.RadioGroup
            value={colorScheme}
            onChange={(value) => setColorScheme(value as 'light' | 'dark' | 'auto')}
          >
            <Menu.Label>
              <Trans>Colours</Trans>
            </Menu.Label>
            <Menu.RadioItem value="auto">
              <Trans>System</Trans>
            </Menu.RadioItem>
            <Menu.RadioItem value="light">
              <Trans>Light</Trans>
            </Menu.RadioItem>
            <Menu.RadioItem value="dark">
              <Trans>Dark</Trans>
            </Menu.RadioItem>
          </Menu.RadioGroup>
        </div>
        <Menu.Divider />
        <Menu.Sub position="left-start">
          <Menu.Sub.Target>
            <Menu.Sub.Item leftSection={<IconLanguage size={16} />}>
              {isLanguage(i18n.locale) ? languages[i18n.locale] : t`Language`}
            </Menu.Sub.Item>
          </Menu.Sub.Target>
          <Menu.Sub.Dropdown>
            {Object.entries(languages).map(([key, name]) => (
              <Menu.Item
                key={key}
                lang={key}
                onClick={() => choose(key)}
                fw={key === i18n.locale ? 600 : undefined}
              >
                {name}
              </Menu.Item>
            ))}
          </Menu.Sub.Dropdown>
        </Menu.Sub>
        <Menu.Item closeMenuOnClick leftSection={<IconKeyboard size={16} />} onClick={onKeys}>
          <Trans>Keys</Trans>
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item closeMenuOnClick leftSection={<IconLogout size={16} />} onClick={leave}>
          <Trans>Sign out</Trans>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
