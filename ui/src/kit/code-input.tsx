import { useLingui } from '@lingui/react/macro';
import { TextInput } from '@mantine/core';

/** Six digits of an authenticator app. They are sent as soon as the last one is there. */
export function CodeInput({
  value,
  onChange,
  onFull,
  error,
  disabled = false,
}: {
  value: string;
  onChange: (code: string) => void;
  onFull: (code: string) => void;
  error?: string | undefined;
  disabled?: boolean;
}) {
  const { t } = useLingui();
  return (
    <TextInput
      label={t`Code of the app`}
      size="md"
      autoFocus
      inputMode="numeric"
      autoComplete="one-time-code"
      placeholder="000000"
      maxLength={7}
      disabled={disabled}
      value={value}
      error={error}
      styles={{ input: { letterSpacing: '0.3em', fontVariantNumeric: 'tabular-nums' } }}
      onChange={(event) => {
        const code = event.currentTarget.value.replace(/\D/g, '').slice(0, 6);
        onChange(code);
        if (code.length === 6 && code !== value) onFull(code);
      }}
    />
  );
}
