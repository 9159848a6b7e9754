import '@mantine/dates/styles.css';
import { DatePicker } from '@mantine/dates';
import 'dayjs/locale/ru';
import 'dayjs/locale/it';
import 'dayjs/locale/pl';
import { i18n } from '../text';

/** A month to choose a day from; loaded when first opened. */
export default function Calendar({
  value,
  onChange,
}: {
  value: string | null;
  onChange: (day: string | null) => void;
}) {
  return (
    <DatePicker
      value={value}
      onChange={onChange}
      locale={i18n.locale}
      firstDayOfWeek={1}
      defaultDate={value ?? undefined}
    />
  );
}
