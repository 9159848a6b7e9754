import { Trans, useLingui } from '@lingui/react/macro';
import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Field, Sight } from '../api/kinds';
import type { Email, PersonRef, Phone, Record_, RecordRef } from '../api/records';
import { formatter } from '../text';
import { Named } from './avatar';
import classes from './field-value.module.css';
import { Protected } from './protected';
import { calendarDate, When } from './when';
import { fieldLabel, optionLabel } from './words';

export interface Look {
  /** In a list: one line, first value only, no links that distract. */
  dense?: boolean;
  /** What a reveal has shown, in place of the mask. */
  shown?: unknown;
  onReveal?: (() => Promise<unknown>) | undefined;
  why?: (() => ReactNode) | undefined;
  /** Names of stages and pipelines, and addresses of related records. */
  nameOf?: ((id: string) => string | undefined) | undefined;
  linkTo?: ((ref: RecordRef) => string | undefined) | undefined;
}

export const isEmpty = (value: unknown) =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** The sight of a field on this record: "plain" unless the server said otherwise. */
export const sightOf = (record: Record_, field: Field): Sight => record.sight?.[field.name] ?? 'plain';

/** Digits in groups, so that a number can be read out. */
export function phoneText(number: string): string {
  const match = /^\+(7)(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  if (match) return `+${match[1]} ${match[2]} ${match[3]}-${match[4]}-${match[5]}`;
  const other = /^\+(1)(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (other) return `+1 ${other[2]} ${other[3]}-${other[4]}`;
  return number.replace(/^(\+\d{2})(\d{3})(\d{3})(\d+)$/, '$1 $2 $3 $4');
}

export function moneyText(amount: string, currency?: unknown): string {
  const number = Number(amount);
  if (!Number.isFinite(number)) return amount;
  const known = typeof currency === 'string' && /^[A-Z]{3}$/.test(currency);
  // With as many places as the currency has: cents where there are any.
  const places = known
    ? ({ style: 'currency', currency } as const)
    : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return formatter(Intl.NumberFormat, places).format(number);
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What kind of number or address it is: the labels of address books in words, others as they are. */
function Label({ label }: { label: string }) {
  const { t } = useLingui();
  const words: Record<string, string> = {
    mobile: t`mobile`,
    work: t`work`,
    home: t`home`,
    main: t`main`,
    fax: t`fax`,
    pager: t`pager`,
    other: t`other`,
  };
  return <span className={classes.quiet}> {words[label] ?? label}</span>;
}

/** A field of a record as this person may see it. Nothing for an empty field. */
export function FieldValue({ field, record, look = {} }: { field: Field; record: Record_; look?: Look }) {
  const { t } = useLingui();
  const sight = sightOf(record, field);
  const closed = (sight === 'masked' || sight === 'click') && look.shown === undefined;
  const value = look.shown !== undefined ? look.shown : record[field.name];

  if (closed) {
    const numbers = field.type === 'phones' ? list(value).length : 1;
    if (field.type === 'phones' && numbers === 0) return null;
    return (
      <Protected
        mask={
          field.type === 'phones' && numbers > 1
            ? `XXXX +${numbers - 1}`
            : field.type === 'phones'
              ? 'XXXX'
              : '•••'
        }
        sight={sight}
        label={fieldLabel(field)}
        onReveal={look.onReveal}
        why={look.why}
      />
    );
  }
  if (isEmpty(value)) return null;

  switch (field.type) {
    case 'phones': {
      const phones = list(value) as Phone[];
      if (look.dense) return <OneOf first={phoneText(phones[0]?.number ?? '')} more={phones.length - 1} />;
      return (
        <span className={classes.lines}>
          {phones.map((phone) => (
            <span key={phone.number + (phone.ext ?? '')}>
              <a className={classes.link} href={`tel:${phone.number}`} onClick={(e) => e.stopPropagation()}>
                {phoneText(phone.number)}
              </a>
              {phone.ext && <span className={classes.quiet}> {t`ext. ${phone.ext}`}</span>}
              {phone.label && <Label label={phone.label} />}
            </span>
          ))}
        </span>
      );
    }
    case 'emails': {
      const emails = list(value).map((each) =>
        typeof each === 'string' ? { address: each } : (each as Email),
      );
      if (look.dense) return <OneOf first={emails[0]?.address ?? ''} more={emails.length - 1} />;
      return (
        <span className={classes.lines}>
          {emails.map((email) => (
            <span key={email.address}>
              <a
                className={classes.link}
                href={`mailto:${email.address}`}
                onClick={(e) => e.stopPropagation()}
              >
                {email.address}
              </a>
              {email.label && <Label label={email.label} />}
            </span>
          ))}
        </span>
      );
    }
    case 'tags':
    case 'choices':
      return (
        <span className={look.dense ? classes.tagsDense : classes.tags}>
          {list(value).map((tag) => (
            <span key={String(tag)} className={classes.tag}>
              {field.type === 'choices' ? optionLabel(field, String(tag)) : String(tag)}
            </span>
          ))}
        </span>
      );
    case 'choice':
      return <>{optionLabel(field, String(value))}</>;
    case 'bool':
      return value ? (
        <span className={classes.yes}>
          <IconCheck size={14} aria-hidden />
          {!look.dense && <Trans>Yes</Trans>}
          {look.dense && <span className="unseen">{t`Yes`}</span>}
        </span>
      ) : look.dense ? null : (
        <Trans>No</Trans>
      );
    case 'date':
      return <>{calendarDate(String(value), look.dense)}</>;
    case 'datetime':
      return <When at={String(value)} timed={!field.house} />;
    case 'money':
      return <>{moneyText(String(value), record.currency)}</>;
    case 'integer':
    case 'number': {
      const number = Number(value);
      return <>{Number.isFinite(number) ? formatter(Intl.NumberFormat, {}).format(number) : String(value)}</>;
    }
    case 'person':
      return <Named name={(value as PersonRef).name ?? String(value)} />;
    case 'relation': {
      const ref = value as RecordRef;
      const address = look.linkTo?.(ref);
      return address ? (
        <a className={classes.link} href={address} onClick={(e) => e.stopPropagation()}>
          {ref.title}
        </a>
      ) : (
        ref.title
      );
    }
    case 'pipeline':
    case 'stage': {
      const ref = value as { id?: string; name?: string } | string;
      const id = typeof ref === 'string' ? ref : (ref.id ?? '');
      const name = (typeof ref === 'string' ? undefined : ref.name) ?? look.nameOf?.(id) ?? '';
      return field.type === 'stage' ? <span className={classes.tag}>{name}</span> : name;
    }
    case 'url': {
      const address = String(value);
      if (look.dense || !/^https?:\/\//.test(address)) return <>{address}</>;
      return (
        <a className={classes.link} href={address} target="_blank" rel="noreferrer noopener">
          {address.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '')}
        </a>
      );
    }
    case 'longtext':
      return look.dense ? String(value) : <span className={classes.text}>{String(value)}</span>;
    default:
      return <>{String(value)}</>;
  }
}

function OneOf({ first, more }: { first: string; more: number }) {
  return (
    <>
      {first}
      {more > 0 && <span className={classes.quiet}> +{more}</span>}
    </>
  );
}
