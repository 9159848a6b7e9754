// A real identity provider (OpenID Connect) on this machine, for tests: a
// certified implementation with people who are made up. Whoever names one of
// them is that person there.
//
//   node provider.mjs '{"port": 0, "redirect": "https://…/callback", "people": {"anna": {"email": "anna@example.com", "email_verified": true}}}'
//
// It says on one line of its own where it is. It ends with the process that
// started it: when standard input is closed.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const {
  port = 0,
  redirect,
  people = {},
  secret = 'a-secret-of-the-test',
  inToken = false,
} = JSON.parse(process.argv[2] ?? '{}');

const key = (kind, options, alg) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
  alg,
  use: 'sig',
});

const server = createServer();
server.listen(port, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'castellan',
        client_secret: secret,
        redirect_uris: [redirect],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [key('rsa', { modulusLength: 2048 }, 'RS256')] },
    cookies: { keys: ['made up for tests'] },
    claims: {
      openid: ['sub', 'amr', 'acr'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username', 'locale'],
      groups: ['groups'],
    },
    scopes: ['openid', 'email', 'profile', 'groups'],
    conformIdTokenClaims: !inToken,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) =>
      people[id] && {
        accountId: people[id].sub ?? id,
        claims: () => ({ preferred_username: id, name: id, ...people[id], sub: people[id].sub ?? id }),
      },
    // Nobody is asked whether the firm's own program may know who they are.
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    try {
      if (request.method === 'GET') {
        await provider.interactionDetails(request, response);
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(`<!doctype html><html lang="en"><title>Provider</title><main><h1>Provider of the firm</h1>
          <form method="post"><label>Login <input name="login" autofocus></label>
          <button>Continue</button> <button name="cancel" value="yes">Cancel</button></form></main></html>`);
        return;
      }
      let body = '';
      for await (const chunk of request) body += chunk;
      const form = new URLSearchParams(body);
      const login = form.get('login');
      const result =
        form.get('cancel') || !people[login]
          ? { error: 'access_denied', error_description: 'made up' }
          : { login: { accountId: login, amr: people[login].amr ?? ['pwd'] } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  console.log(`provider ${issuer}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
