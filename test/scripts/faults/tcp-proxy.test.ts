// The proxy that a mission cuts: what gets through, what waits, and what is torn down.
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TcpProxy } from '../../../scripts/faults/tcp-proxy.ts';

let server: Server;
/** What the server has got, over all connections. */
let heard: string;
let proxy: TcpProxy;
let clients: Socket[];

beforeEach(async () => {
  heard = '';
  clients = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.open(`127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await proxy.close();
  server.close();
});

/** A connection through the proxy, with what it has been answered. */
async function client() {
  const [host, port] = proxy.address.split(':');
  const socket = connect(Number(port), host);
  clients.push(socket);
  let answered = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (answered += chunk.toString()));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const connected = new Promise<void>((resolve) => socket.on('connect', () => resolve()));
  await Promise.race([connected, closed]);
  return { socket, answered: () => answered, closed };
}

test('bytes pass both ways as they are, however many', async () => {
  const { socket, answered } = await client();
  const sent = 'all of it. '.repeat(200_000);
  socket.write(sent);
  await vi.waitUntil(() => answered().length === sent.length, 10_000);
  expect(heard).toBe(sent);
  expect(answered()).toBe(sent.toUpperCase());
});

test('stalled, it keeps connections open and holds everything back until it is healed', async () => {
  const early = await client();
  early.socket.write('early ');
  await vi.waitUntil(() => early.answered() === 'EARLY ');
  const heal = proxy.cut('stalled');
  early.socket.write('held ');
  const late = await client();
  late.socket.write('late ');
  // A connection past the proxy shows that bytes have had their time.
  const { port } = server.address() as AddressInfo;
  const direct = connect(port, '127.0.0.1', () => direct.write('direct '));
  clients.push(direct);
  await once(direct, 'data');
  expect(heard).toBe('early direct ');
  heal();
  await vi.waitUntil(() => late.answered() === 'LATE ' && early.answered() === 'EARLY HELD ');
});

test('closed, it tears down what there is and lets nothing live until it is healed', async () => {
  const early = await client();
  const heal = proxy.cut('closed');
  await early.closed;
  await (
    await client()
  ).closed;
  heal();
  const { socket, answered } = await client();
  socket.write('again');
  await vi.waitUntil(() => answered() === 'AGAIN');
  expect(heard).toBe('again');
});

test('cut twice, it is healed by the last of the two', async () => {
  const healFirst = proxy.cut('stalled');
  const healLast = proxy.cut('closed');
  healFirst();
  await (
    await client()
  ).closed;
  healLast();
  const { socket, answered } = await client();
  socket.write('now');
  await vi.waitUntil(() => answered() === 'NOW');
});

test('either end that goes takes the other along, and a server that is away is one that went', async () => {
  const { socket, closed } = await client();
  socket.write('hello');
  await vi.waitUntil(() => heard === 'hello');
  const left = new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
  expect(await left).toBe(1);
  socket.destroy();
  await closed;
  const isAlone = (): Promise<boolean> =>
    new Promise((resolve) => server.getConnections((_, count) => resolve(count === 0)));
  await vi.waitUntil(isAlone);
  server.close();
  await once(server, 'close');
  await (
    await client()
  ).closed;
});
