import { IconCalendarEvent, IconChecklist } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type Kind, kinds } from '../../api/kinds';
import { type NextStep, nextStep } from '../../api/next-steps';
import { When } from '../../kit/when';
import classes from './next-step.module.css';

/** In a list: what comes next with a client or a deal, as far as the person may see tasks and visits. */
export default function NextCell({ kind, id }: { kind: Kind; id: string }) {
  const { data: all = [] } = useQuery(kinds);
  const leads = (name: string) => {
    const other = all.find((each) => each.name === name);
    return (
      (other?.actions.view ?? 'denied') !== 'denied' &&
      !!other?.fields.some((field) => field.name === kind.name && field.type === 'relation')
    );
  };
  const { data } = useQuery(nextStep(kind.name, id, { tasks: leads('task'), visits: leads('appointment') }));
  return data ? <Step step={data} /> : null;
}

function Step({ step }: { step: NextStep }) {
  const late = step.of === 'task' && !!step.at && new Date(step.at) < new Date();
  return (
    <span className={classes.cell} data-late={late || undefined} title={step.title}>
      {step.of === 'visit' ? (
        <IconCalendarEvent size={14} aria-hidden />
      ) : (
        <IconChecklist size={14} aria-hidden />
      )}
      <span className={classes.cellTitle}>{step.title}</span>
      {step.at && <When at={step.at} />}
    </span>
  );
}
