// The part of the walk that is about mail: the owner names the mailbox of the
// firm, a letter is written from a card and reaches a real SMTP server, the answer
// comes in by a real mailbox (Dovecot) and stands on the card, and a letter that
// was refused says so and is sent again.
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { found, freePort, newcomer, serveEmpty } from './walking.mjs';

/** A mail server that speaks as much SMTP as the program needs, and keeps what it is given. */
async function smtp() {
  const inbox = [];
  const post = { inbox, refuses: false };
  const server = createServer((socket) => {
    let buffer = '';
    let mail = null;
    let to = '';
    const say = (line) => socket.write(`${line}\r\n`);
    say('220 mail.example.com');
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      buffer += chunk;
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (mail !== null) {
          if (line === '.') {
            inbox.push({ to, raw: mail });
            mail = null;
            say('250 taken');
          } else mail += `${line.replace(/^\./, '')}\r\n`;
          continue;
        }
        const word = line.split(' ')[0].toUpperCase();
        if (word === 'EHLO') say('250 mail.example.com');
        else if (word === 'RCPT') {
          to = /<(.*?)>/.exec(line)?.[1] ?? '';
          say(post.refuses ? '550 5.1.1 nobody of that name at mx7.internal' : '250 fine');
        } else if (word === 'DATA') {
          mail = '';
          say('354 go on');
        } else if (word === 'QUIT') {
          say('221 goodbye');
          socket.end();
        } else say('250 fine');
      }
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { post, port: server.address().port, close: () => server.close() };
}

/** An empty workspace beside a mail server and a mailbox. */
export async function serveMail(program, data) {
  const out = await smtp();
  // Not with the data: the mail server runs as another user, who may not look in there.
  const dir = mkdtempSync(join(tmpdir(), 'castellan-walk-mailbox-'));
  const [plain, tls] = [await freePort(), await freePort()];
  const dovecot = spawn(
    fileURLToPath(new URL('../../scripts/dovecot', import.meta.url)),
    [dir, String(plain), String(tls)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise((done, fail) => {
    dovecot.stdout.once('data', done);
    dovecot.once('exit', () => fail(new Error('there is no IMAP server')));
  });
  const served = await serveEmpty(program, data, [
    '--mail-server',
    `smtp://127.0.0.1:${out.port}`,
    '--mail-from',
    'Salon <crm@example.com>',
    '--mail-ca-file',
    join(dir, 'cert.pem'),
    '--internal-networks',
    '127.0.0.0/8',
  ]);
  let n = 0;
  const post = Object.assign(out.post, {
    port: tls,
    deliver(raw) {
      writeFileSync(join(dir, 'made'), raw, { mode: 0o644 });
      renameSync(join(dir, 'made'), join(dir, 'mail', 'new', `${Date.now()}.${++n}.walk`));
    },
  });
  return {
    ...served,
    post,
    end: async () => {
      const well = await served.end();
      const left = new Promise((done) => dovecot.once('exit', done));
      dovecot.stdin.end();
      await left;
      out.close();
      rmSync(dir, { recursive: true, force: true });
      return well;
    },
  };
}

async function until(what) {
  for (let tries = 0; tries < 300; tries++) {
    if (await what()) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

export async function walkMail(tools) {
  const { url, post, look, expect, button, ask } = tools;
  const owner = await found(tools);

  await owner.goto(`${url}/settings/mail`);
  await button(owner, 'Set up a mailbox').click();
  await owner.getByLabel('Server').fill('127.0.0.1');
  await owner.getByLabel('Port').fill(String(post.port));
  await owner.getByLabel('User').fill('firm@example.com');
  await owner.locator('input[type=password]').fill('the password of the mailbox');
  await owner.getByLabel('Whose word on senders is believed').fill('mx.example.net');
  await look(owner, 'mailbox-form');
  await button(owner, 'Save').click();
  await owner.getByText('firm@example.com at 127.0.0.1').waitFor();
  await button(owner, 'Look now').click();
  await owner.getByText('The mailbox has been read.').waitFor();
  expect(
    'the password is nowhere on the page',
    !(await owner.content()).includes('the password of the mailbox'),
  );
  await look(owner, 'mailbox');

  const { page: seller } = await newcomer(tools, owner, {
    name: 'Sofia Marino',
    email: 'sofia@example.com',
    role: 'specialist',
  });
  const client = await ask(seller, 'POST', '/contacts', {
    name: 'Anna Kowalska',
    emails: [{ address: 'anna@example.com' }],
  });
  const card = `${url}/contacts/${client.id}`;
  const write = async (subject, body) => {
    await seller.goto(card);
    await button(seller, 'Write').click();
    const drawer = seller.getByRole('dialog');
    await drawer.getByLabel('Subject').fill(subject);
    await drawer.getByLabel('Text', { exact: true }).fill(body);
    return drawer;
  };

  let drawer = await write('For {name}', 'Dear {name}, shall we say Tuesday?');
  await button(drawer, 'Store this letter').click();
  await drawer.getByLabel('Name of the stored letter').fill('Tuesday');
  await button(drawer, 'Save').click();
  await drawer.getByLabel('Stored letter', { exact: true }).waitFor();
  await button(drawer, 'Look at it first').click();
  await drawer.getByText('Dear Anna Kowalska, shall we say Tuesday?').waitFor();
  await drawer.locator('input[type=file]').setInputFiles({
    name: 'prices.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('our prices of spring'),
  });
  await drawer
    .getByText(/prices\.txt \(1/)
    .first()
    .waitFor();
  await look(seller, 'letter');
  await button(drawer, 'Send').click();
  expect('the letter reaches the mail server', await until(() => post.inbox.length === 1));
  expect('with its file', /filename="?prices\.txt/.test(post.inbox[0]?.raw ?? ''));
  await seller
    .getByRole('listitem')
    .filter({ hasText: 'shall we say Tuesday?' })
    .getByRole('button', { name: /prices/ })
    .waitFor();
  expect('who wrote it sees no address', !(await seller.content()).includes('anna@example.com'));
  expect('it goes to the client', post.inbox[0]?.to === 'anna@example.com');

  const number = /^Message-ID: (<.*>)/im.exec(post.inbox[0]?.raw ?? '')?.[1];
  post.deliver(
    [
      'Authentication-Results: mx.example.net; dmarc=pass header.from=example.com',
      'From: Anna <anna@example.com>',
      'To: crm@example.com',
      'Subject: Re: For Anna Kowalska',
      'Message-ID: <answer@example.com>',
      `In-Reply-To: ${number}`,
      'Content-Type: multipart/mixed; boundary=x',
      '',
      '--x',
      'Content-Type: text/html; charset=utf-8',
      '',
      '<p>Tuesday it is.</p><script>document.title = "run"</script><img src="https://eve.example.com/seen.png">',
      '--x',
      'Content-Type: application/pdf',
      "Content-Disposition: attachment; filename*=koi8-r'ru'%F3%DE%A3%D4.pdf",
      '',
      '%PDF-1.4\n1 0 obj\n',
      '--x--',
    ].join('\r\n'),
  );
  post.deliver(
    [
      'From: Anna <anna@example.com>',
      'To: crm@example.com',
      'Subject: New account',
      'Date: Mon, 02 Mar 2026 10:00:00 +0000',
      'Message-ID: <forged@example.com>',
      '',
      'Please pay to this account.',
    ].join('\r\n'),
  );
  await owner.goto(`${url}/settings/mail`);
  await button(owner, 'Look now').click();
  await owner.getByText('2 mails came to cards').waitFor();
  await seller.goto(card);
  await seller.getByText('Tuesday it is.').waitFor();
  expect('the answer is the client’s', await seller.getByText('The client wrote:').isVisible());
  const line = seller.getByRole('listitem');
  await line.filter({ hasText: 'Tuesday it is.' }).getByRole('button', { name: 'Счёт.pdf' }).waitFor();
  const forged = line.filter({ hasText: 'Please pay to this account.' });
  expect('a forged mail says so', await forged.getByText('Sender not proven').isVisible());
  expect('and is not the client’s', (await forged.getByText('The client wrote:').count()) === 0);
  expect('and tells its own date apart', await forged.getByText('gives another date').isVisible());
  await look(seller, 'answer');

  post.refuses = true;
  drawer = await write('Second', 'Are you there?');
  await button(drawer, 'Send').click();
  expect(
    'a letter that was refused says so',
    await until(async () => {
      await seller.goto(card);
      await seller.getByText('Are you there?').first().waitFor();
      return seller.getByText('Not delivered.').first().isVisible();
    }),
  );
  expect(
    'it says why in plain words',
    await seller.getByText('does not accept the client').first().isVisible(),
  );
  expect('the mail server’s words stay inside', !(await seller.content()).includes('mx7'));
  await look(seller, 'letter-refused');
  await seller.goto(`${url}/conversations`);
  await seller.getByRole('button', { name: /Anna Kowalska/ }).click();
  await seller.getByText('Not delivered.').waitFor();
  await look(seller, 'conversation');
  post.refuses = false;
  await button(seller, 'Send again').click();
  expect('it is sent again', await until(() => post.inbox.length === 2));
  expect(
    'and says so no more',
    await until(async () => {
      await seller.goto(card);
      await seller.getByText('Are you there?').first().waitFor();
      return (await seller.getByText('Not delivered.').count()) === 0;
    }),
  );
}
