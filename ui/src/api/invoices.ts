import { call, file } from './http';
import type { Record_ } from './records';

/** A line of an invoice. Its numbers are decimals in text; no tax is due where vat is null. */
export interface Line {
  title: string;
  quantity: string;
  price: string;
  vat: string | null;
  sum?: string;
}

const seen = (version: number) => ({ headers: { 'If-Match': `"${version}"` } });

export const issueInvoice = (id: string, version: number) =>
  call<Record_>('POST', `/invoices/${id}/issue`, seen(version));

export const payInvoice = (id: string, version: number) =>
  call<Record_>('POST', `/invoices/${id}/pay`, seen(version));

export const unpayInvoice = (id: string, version: number) =>
  call<Record_>('POST', `/invoices/${id}/unpay`, seen(version));

export const voidInvoice = (id: string, version: number, reason: string) =>
  call<Record_>('POST', `/invoices/${id}/void`, { ...seen(version), body: { reason } });

/** An issued invoice as it is handed out. */
export const invoicePaper = (id: string) => file(`/invoices/${id}/pdf`);
