import { Plural, useLingui } from '@lingui/react/macro';
import { PasswordInput, Progress, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { entrance, weigh } from '../api/session';

/** How many characters a password has at least: the server says so, and nobody else. */
export function useShortest(): number {
  const { data } = useQuery(entrance);
  return data?.password_characters ?? 15;
}

/** A new password, weighed by the server while it is typed. It may be pasted and shown. */
export function NewPassword({
  value,
  onChange,
  label,
  token,
  size = 'md',
  focus = false,
  error,
}: {
  value: string;
  onChange: (password: string) => void;
  label: string;
  token?: string;
  size?: 'sm' | 'md';
  focus?: boolean;
  error?: string;
}) {
  const { t } = useLingui();
  const shortest = useShortest();
  const [typed] = useDebouncedValue(value, 250);
  const missing = shortest - [...value.normalize('NFKC')].length;
  const { data: weight } = useQuery({
    queryKey: ['weigh', typed, token],
    queryFn: ({ signal }) => weigh(typed, token, signal),
    enabled: typed !== '' && missing <= 0,
    // What was typed is not kept.
    gcTime: 0,
    retry: false,
  });
  const known = typed === value ? weight : undefined;
  const words =
    value === '' ? (
      ''
    ) : missing > 0 ? (
      <Plural value={missing} one="# more character" other="# more characters" />
    ) : !known ? (
      '…'
    ) : known.why === 'password.long' ? (
      t`This is too long.`
    ) : known.why ? (
      t`Easily guessed. Take a few unrelated words.`
    ) : known.score >= 4 ? (
      t`Strong.`
    ) : (
      t`Good. Longer is better.`
    );
  const share =
    value === ''
      ? 0
      : missing > 0
        ? (40 * (shortest - missing)) / shortest
        : known
          ? 25 * Math.max(known.score, 1)
          : 45;
  return (
    <div>
      <PasswordInput
        label={label}
        description={t`At least ${shortest} characters. Four words in a row are good and easy to keep in mind.`}
        required
        withAsterisk={false}
        size={size}
        data-autofocus={focus || undefined}
        autoFocus={focus}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Progress
        value={share}
        size={4}
        mt={6}
        color={missing > 0 ? 'gray' : known?.why ? 'red' : known && known.score >= 3 ? 'teal' : 'yellow'}
        aria-label={t`How strong the password is`}
      />
      <Text size="xs" c="dimmed" mt={2} mih={18} aria-live="polite">
        {words}
      </Text>
    </div>
  );
}
