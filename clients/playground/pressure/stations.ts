import { PAGE_CREDIT } from '../call/running-call.js';
import type { StreamLook } from './stream-look.js';

/** A place between the page and the service where messages may wait. */
export interface Station {
  readonly name: string;
  /** How full it is, from 0 to 1. */
  readonly level: number;
  readonly text: string;
}

/** What waits in a socket of the gateway when it is as full as it gets, roughly. */
const SOCKET_BYTES = 64 * 1024;

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** 1536 -> "1.5 KiB" */
export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  const [size, unit] = bytes < 1_048_576 ? [bytes / 1_024, 'KiB'] : [bytes / 1_048_576, 'MiB'];
  return `${NUMBER.format(size)} ${unit}`;
}

const part = (some: number, all: number) => Math.min(1, Math.max(0, all === 0 ? 0 : some / all));

/** The places in the order in which they fill up when the page stops, from the page to the service. What is not known is left out. */
export function stationsOf({
  credit,
  socketBytes,
  gatewayBytes,
  windowBytes,
  windowLeftBytes,
}: StreamLook): Station[] {
  const stations: Station[] = [];
  if (credit !== undefined) {
    const left = Math.max(0, credit.messages);
    stations.push({
      name: 'This page',
      level: part(PAGE_CREDIT - left, PAGE_CREDIT),
      text: `credit for ${left} more of ${PAGE_CREDIT} messages`,
    });
  }
  if (socketBytes !== undefined) {
    stations.push({
      name: 'Socket of the gateway',
      level: part(socketBytes, SOCKET_BYTES),
      text: `${bytesText(socketBytes)} wait`,
    });
  }
  stations.push({
    name: 'Gateway',
    level: part(gatewayBytes, windowBytes ?? SOCKET_BYTES),
    text: `${bytesText(gatewayBytes)} wait`,
  });
  if (windowBytes === undefined || windowLeftBytes === undefined) return stations;
  stations.push({
    name: 'HTTP/2 window',
    level: part(windowBytes - windowLeftBytes, windowBytes),
    text: `${bytesText(windowLeftBytes)} of ${bytesText(windowBytes)} left`,
  });
  const isStopped = windowLeftBytes === 0;
  stations.push({
    name: 'Service',
    level: isStopped ? 1 : 0,
    text: isStopped ? 'its writes have stopped' : 'may write',
  });
  return stations;
}
