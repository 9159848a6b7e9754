import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Indicator, Popover, Text } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type NoticeItem, notices, seeNotices } from '../api/session';
import { When } from '../kit/when';

/** What somebody is told about their own account: a bell that is quiet unless there is something new. */
export default function Notices() {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data = [] } = useQuery(notices);
  const [open, setOpen] = useState(false);
  const news = data.filter((notice) => !notice.seen).length;

  function turn(next: boolean) {
    setOpen(next);
    const newest = data[0];
    if (!next || !newest || news === 0) return;
    // It stays marked while it is read, and is quiet the next time.
    void seeNotices(newest.id).then(
      () => setTimeout(() => client.invalidateQueries({ queryKey: ['notices'] }), 2000),
      () => undefined,
    );
  }

  return (
    <Popover position="bottom-end" width={340} opened={open} onChange={turn} trapFocus returnFocus>
      <Indicator disabled={news === 0} size={8} offset={6} color="red">
        <Popover.Target>
          <ActionIcon
            size={32}
            variant="subtle"
            color="gray"
            aria-label={news > 0 ? t`Notices: ${news} new` : t`Notices`}
            onClick={() => turn(!open)}
          >
            <IconBell size={18} stroke={1.6} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label={t`Notices`}>
        <section
          style={{ maxHeight: '60vh', overflowY: 'auto', padding: '6px 0' }}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reached by keyboard
          tabIndex={0}
          aria-label={t`Notices`}
        >
          {data.length === 0 ? (
            <Text size="sm" c="dimmed" px={14} py={10}>
              <Trans>Nothing yet. Here you are told when something happens to your account.</Trans>
            </Text>
          ) : (
            data.map((notice) => <One key={notice.id} notice={notice} />)
          )}
        </section>
      </Popover.Dropdown>
    </Popover>
  );
}

function One({ notice }: { notice: NoticeItem }) {
  const words = useWords(notice);
  return (
    <div style={{ padding: '8px 14px' }}>
      <Text size="sm" fw={notice.seen ? 400 : 600}>
        {words}
      </Text>
      <Text size="xs" c="dimmed">
        <When at={notice.at} />
      </Text>
    </div>
  );
}

function useWords({ kind, words }: NoticeItem): string {
  const { t } = useLingui();
  const { address = '', device = '', by = '', role = '', factor = '' } = words;
  const from = [device, address].filter(Boolean).join(', ');
  switch (kind) {
    case 'password_changed':
      return t`Your password was changed: ${from}`;
    case 'email_changing':
      return t`A change of your mail address was asked for.`;
    case 'email_changed':
      return t`Your mail address was changed.`;
    case 'device_new':
      return t`A sign-in from a new device or network: ${from}`;
    case 'factor_added':
      return t`A second step was added to your sign-in: ${factor}`;
    case 'factor_removed':
      return t`A second step was removed from your sign-in: ${factor}`;
    case 'factor_reset':
      return t`The second steps of your sign-in were reset by ${by}.`;
    case 'role_changed':
      return t`Your role is now “${role}” (changed by ${by}).`;
    case 'deactivated':
      return t`Your account was closed.`;
    case 'reactivated':
      return t`Your account was opened again.`;
    default:
      return t`Something about your account has changed.`;
  }
}
