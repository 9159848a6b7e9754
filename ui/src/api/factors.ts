import { queryOptions } from '@tanstack/react-query';
import type { Asked, Draft, Enrolled, Guarded as Guarded_, OwnFactors, ProofBody } from './generated';
import { call } from './http';
import type { Session } from './session';

/** What a person has to prove who they are: totp, passkey, recovery, password. */
export type Way = 'totp' | 'passkey' | 'recovery' | 'password';

export type Factor = OwnFactors['items'][number];

/** One's own second factors. */
export const ownFactors = queryOptions({
  queryKey: ['factors'],
  queryFn: ({ signal }) => call<OwnFactors>('GET', '/session/factors', { signal }),
});

export type Proof = Pick<ProofBody, 'code' | 'recovery' | 'password'>;

/** Proves the second factor that a sign-in waits for. */
export const proveFactor = (proof: Proof) => call<Session>('POST', '/session/factor', { body: proof });

/** Proves once more who one is, for what takes a fresh proof. */
export const stepUp = (proof: Proof) => call<void>('POST', '/session/stepup', { body: proof });

// What speaks with the browser about passkeys comes only when it is needed.
const keys = () => import('@simplewebauthn/browser');

async function shown(asked: Asked): Promise<{ passkey: string; state: string }> {
  const { startAuthentication } = await keys();
  const answer = await startAuthentication({ optionsJSON: asked.options as never });
  return { passkey: JSON.stringify(answer), state: asked.state };
}

/** The passkey's answer to a question for whoever has given the password. */
const ownPasskey = async () => shown(await call<Asked>('POST', '/session/passkey/ask'));

export const proveByPasskey = async () =>
  call<Session>('POST', '/session/factor', { body: await ownPasskey() });

export const stepUpByPasskey = async () =>
  call<void>('POST', '/session/stepup', { body: await ownPasskey() });

/** Signs in by a passkey alone. */
export const signInByPasskey = async () =>
  call<Session>('POST', '/session/passkey', {
    body: await shown(await call<Asked>('POST', '/session/passkey/begin')),
  });

/** Says that the person has left it for later. */
export const postpone = () => call<void>('POST', '/session/factors/later');

export const draftApp = () => call<Draft>('POST', '/session/factors/app/begin');

export const addApp = (state: string, code: string, name: string) =>
  call<Enrolled>('POST', '/session/factors/app', { body: { state, code, name } });

/** Makes a passkey on this device, or on one that the browser finds. */
export async function addPasskey(name: string): Promise<Enrolled> {
  const asked = await call<Asked>('POST', '/session/factors/passkey/begin');
  const { startRegistration } = await keys();
  const made = await startRegistration({ optionsJSON: asked.options as never });
  return call<Enrolled>('POST', '/session/factors/passkey', {
    body: { passkey: JSON.stringify(made), state: asked.state, name },
  });
}

export const renameFactor = (id: string, name: string) =>
  call<void>('PATCH', `/session/factors/${id}`, { body: { name } });

export const removeFactor = (id: string, password: string) =>
  call<void>('POST', `/session/factors/${id}/remove`, { body: { password } });

export const renewRecovery = async () =>
  (await call<{ recovery: string[] }>('POST', '/session/recovery')).recovery;

export type Guarded = Guarded_;

/** Who has which second factor, for whoever manages people or security. */
export const guarded = queryOptions({
  queryKey: ['guarded'],
  queryFn: ({ signal }) => call<Guarded>('GET', '/security/factors', { signal }),
});

export const resetFactors = (person: string) => call<void>('POST', `/people/${person}/factors/reset`);

/** Whether a failure is that the person has closed the browser's own dialog. */
export const wasLeft = (failure: unknown) =>
  failure instanceof Error && (failure.name === 'NotAllowedError' || failure.name === 'AbortError');
