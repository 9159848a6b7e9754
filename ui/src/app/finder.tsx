import { useLingui } from '@lingui/react/macro';
import { useMantineColorScheme } from '@mantine/core';
import { useMe } from '../api/session';
import Palette from '../features/search/palette';
import { useLeave } from './leave';
import type { Place } from './place';
import { useSecurityPlaces } from './security-places';
import { useSettingsPlaces } from './settings-frame';

/** The search over everything, which knows every page that this person may go to. */
export default function Finder({ places, onClose }: { places: Place[]; onClose: () => void }) {
  const { t } = useLingui();
  const me = useMe();
  const { setColorScheme } = useMantineColorScheme();
  const leave = useLeave();
  const commands = [
    { label: t`Dark colours`, go: () => setColorScheme('dark') },
    { label: t`Light colours`, go: () => setColorScheme('light') },
    { label: t`Colours of the system`, go: () => setColorScheme('auto') },
    { label: t`Sign out`, go: leave },
  ];
  const all = [
    ...places.map(({ to, label }) => ({ to, label, under: '' })),
    ...useSecurityPlaces(me).map(({ to, label }) => ({ to, label, under: t`Security` })),
    ...useSettingsPlaces(me).map(({ to, label }) => ({ to, label, under: t`Settings` })),
  ];
  return (
    <Palette
      places={all.filter((place, at) => all.findIndex((each) => each.to === place.to) === at)}
      commands={commands}
      onClose={onClose}
    />
  );
}
