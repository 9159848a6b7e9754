import { useLingui } from '@lingui/react/macro';
import {
  IconDeviceDesktop,
  IconDeviceMobile,
  IconDeviceTablet,
  IconQuestionMark,
  IconTerminal2,
} from '@tabler/icons-react';
import type { Device, Place } from '../api/sessions';
import { writing } from '../text';
import classes from './device.module.css';

const icons = {
  desktop: IconDeviceDesktop,
  phone: IconDeviceMobile,
  tablet: IconDeviceTablet,
  program: IconTerminal2,
};

/** The kind of a device as a picture; the words stand beside it. */
export function DeviceIcon({ device }: { device: Device | undefined }) {
  const Icon = device?.form ? icons[device.form] : IconQuestionMark;
  return (
    <span className={classes.icon} aria-hidden>
      <Icon size={18} stroke={1.6} />
    </span>
  );
}

/** A device in a few words: "Chrome 141 on Windows". */
export function useDeviceWords() {
  const { t } = useLingui();
  return (device: Device | undefined): string => {
    if (!device) return t`Unknown device`;
    const browser = [device.browser, device.version].filter(Boolean).join(' ');
    const { system } = device;
    if (browser && system) return t`${browser} on ${system}`;
    return browser || system || (device.form === 'program' ? t`A program` : t`Unknown device`);
  };
}

/** A place in the reader's language: "Warsaw, Poland". */
export function placeWords(place: Place | undefined): string {
  if (!place) return '';
  let country = place.country;
  try {
    country = new Intl.DisplayNames(writing(), { type: 'region' }).of(place.country) ?? country;
  } catch {
    // The file has a code that the browser does not know.
  }
  return place.city ? `${place.city}, ${country}` : country;
}
