import { request } from 'node:http';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { foreignSchema, method as path, UNHURRIED } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { until } from '../../support/http.js';
import { connectHttp2, requestOver } from '../../support/http2-client.js';
import { openScriptedUpstream } from '../../support/scripted-upstream.js';
import { frameTypes } from '../../support/session.js';
import { openProxy } from '../upstream/contract/proxy.js';
import { Cells, type Scenario, type Transport } from './cell.js';
import { CONNECT_SURFACES, connectOverHttp2 } from './connect-surfaces.js';
import { GRPC_WEB_SURFACES, grpcSurfaces } from './grpc-surfaces.js';
import { HTTP_SURFACES, http2Surfaces } from './http-surfaces.js';
import { Leftovers } from './leftovers.js';
import { MAX_MESSAGE_BYTES, SCENARIOS, SERVICE_LOST } from './scenarios.js';
import { SESSION_SURFACES } from './session-surfaces.js';
import { SOCKET_SURFACES } from './socket-surfaces.js';
import { labelOf, type Surface } from './surface.js';

// For what hangs: a busy machine needs many times what a quiet one does.
t.setTimeout(600_000);

const SURFACES: readonly Surface[] = [
  ...HTTP_SURFACES,
  ...CONNECT_SURFACES,
  ...GRPC_WEB_SURFACES,
  ...SOCKET_SURFACES,
  ...SESSION_SURFACES,
];
/** The connection that those over HTTP/2 share is there when the matrix is played. */
const OVER_HTTP2 = (send: Parameters<typeof grpcSurfaces>[0]) => [
  ...grpcSurfaces(send),
  ...http2Surfaces(send),
  ...connectOverHttp2(send),
];
const ALL = SURFACES.length + OVER_HTTP2(request).length;

/** Plays every scenario on every surface over one transport, and looks after each scenario that nothing is left of it. */
export function playMatrix(transport: Transport): void {
  t.test(`the matrix over ${transport}`, async (t) => {
    const stage = await openStage(t, transport);
    for (const scenario of SCENARIOS.filter(isWanted))
      await t.test(scenario.name, (t) => stage.play(t, scenario));
  });
  for (const scenario of SERVICE_LOST.filter(isWanted)) {
    t.test(`${scenario.name}, over ${transport}`, async (t) => {
      const stage = await openStage(t, transport);
      // The last to be ready turns the lights off.
      let waiting = ALL;
      await stage.play(t, {
        ...scenario,
        async run(t, cell) {
          await scenario.run(t, cell);
          waiting -= 1;
          if (waiting === 0) stage.network.cut();
        },
      });
    });
  }
}

/** `MATRIX=deadline npm run tap -- test/gateway/matrix/*.test.ts` plays the rows whose names have that in them. */
function isWanted({ name }: Scenario): boolean {
  return name.includes(process.env.MATRIX ?? '');
}

/** A service and a gateway that all cells share. */
async function openStage(t: Test, transport: Transport) {
  const cells = new Cells(transport);
  const paths = [...new Set(SURFACES.map(({ method }) => path(method)))];
  const upstream = await openScriptedUpstream(Object.fromEntries(paths.map((name) => [name, cells.script])));
  t.teardown(() => upstream.close());
  const network = await openProxy(upstream.target);
  t.teardown(() => network.close());
  const gateway = await openGateway({
    upstream: network.target,
    transport,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: await foreignSchema(),
    log: pino({ level: 'silent' }),
    // What comes early must count as early on a busy machine as well.
    limits: { ...UNHURRIED, maxMessageBytes: MAX_MESSAGE_BYTES, headWaitMs: 5_000 },
    graceMs: 1_000,
  });
  closeInTeardown(t, gateway);
  // Read once, and not within the time of a cell.
  await frameTypes();
  const leftovers = new Leftovers(t);
  // What the first call costs once, a connection to the service above all, is not what a call leaves behind.
  // What waits in a client counts as the memory of its connection there, which refuses answers when it is too much.
  const session = connectHttp2(t, gateway.url, { maxSessionMemory: 1_000 });
  const surfaces = [...SURFACES, ...OVER_HTTP2(requestOver(session))];
  for (const surface of [surfaces[0], surfaces.at(-1)])
    await cells.play(t, SCENARIOS[0] as Scenario, surface as Surface, gateway.url, upstream);
  return {
    network,
    async play(t: Test, scenario: Scenario) {
      leftovers.begin();
      const played = surfaces.filter((surface) => {
        const reason = scenario.notFor?.(surface);
        if (reason !== undefined) t.comment(`not for ${labelOf(surface)}: ${reason}`);
        return reason === undefined;
      });
      await Promise.all(played.map((surface) => cells.play(t, scenario, surface, gateway.url, upstream)));
      await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
      // One whose deadline passed on the way there comes after its client was told.
      const left = () => paths.flatMap((name) => upstream.calls(name)).filter((call) => !call.isOver).length;
      await until(t, 'no call to be left at the service', () => left() === 0);
      t.equal(left(), 0, 'no call is left at the service');
      await leftovers.assertNone(t);
    },
  };
}
