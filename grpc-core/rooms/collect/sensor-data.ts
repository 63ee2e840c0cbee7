import { status } from '@grpc/grpc-js';
import type { SensorData__Output } from '../../../proto/types/streaming/SensorData.js';
import type { SensorSummary } from '../../../proto/types/streaming/SensorSummary.js';
import { CoreError, invalid } from '../../base/index.js';
import type { Handler } from '../../rpc/index.js';
import {
  assertName,
  compareMoments,
  type Moment,
  momentFromMillis,
  momentFromTimestamp,
  timestampFromMoment,
} from '../wire/index.js';
import { RunningMean } from './running-mean.js';

const MAX_READINGS = 2_147_483_647;

/** Count, means, first and last time of readings, in constant memory. */
export class SensorStatistics {
  readonly #temperature = new RunningMean();
  readonly #humidity = new RunningMean();
  readonly #pressure = new RunningMean();
  #count = 0;
  #first: Moment | undefined;
  #last: Moment | undefined;

  /**
   * Counts a reading that came at `arrivedMs`, which is its time if it has none. A reading that no sensor can have sent is
   * INVALID_ARGUMENT, naming the field and the number of the reading, and is not counted.
   */
  add(reading: SensorData__Output, arrivedMs: number): void {
    if (this.#count === MAX_READINGS) {
      throw new CoreError(status.RESOURCE_EXHAUSTED, `total_readings: at most ${MAX_READINGS} in one call`);
    }
    const number = this.#count + 1;
    assertName('sensor_id', reading.sensor_id);
    assertFinite('temperature', reading.temperature, number);
    assertFinite('humidity', reading.humidity, number);
    assertFinite('pressure', reading.pressure, number);
    const at =
      reading.timestamp === null
        ? momentFromMillis(arrivedMs)
        : momentFromTimestamp('timestamp', reading.timestamp);
    this.#count = number;
    this.#temperature.add(reading.temperature);
    this.#humidity.add(reading.humidity);
    this.#pressure.add(reading.pressure);
    if (this.#first === undefined || compareMoments(at, this.#first) < 0) this.#first = at;
    if (this.#last === undefined || compareMoments(at, this.#last) > 0) this.#last = at;
  }

  /** Zeros, and no times, when there were no readings. The times are the earliest and the latest, in whatever order they came. */
  summary(): SensorSummary {
    return {
      total_readings: this.#count,
      avg_temperature: this.#temperature.mean,
      avg_humidity: this.#humidity.mean,
      avg_pressure: this.#pressure.mean,
      start_time: this.#first === undefined ? null : timestampFromMoment(this.#first),
      end_time: this.#last === undefined ? null : timestampFromMoment(this.#last),
    };
  }
}

/** `CollectSensorData`: one summary when the sender is done. */
export function sensorHandler(now: () => number): Handler<SensorData__Output, SensorSummary> {
  return async function* collectSensorData(requests) {
    const statistics = new SensorStatistics();
    for await (const reading of requests) statistics.add(reading, now());
    yield statistics.summary();
  };
}

function assertFinite(field: string, value: number, number: number): void {
  if (!Number.isFinite(value)) throw invalid(field, `must be a finite number (reading ${number})`);
}
