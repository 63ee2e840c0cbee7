import { ScalarType } from '@bufbuild/protobuf';
import { type Shape, wellKnownName } from '../json/field-shape.js';
import { anyControl } from './any-control.js';
import { bytesControl } from './bytes-control.js';
import { booleanControl, enumControl } from './choice-control.js';
import type { ControlPlace, FormControl } from './form-control.js';
import { jsonControl } from './json-control.js';
import { listControl } from './list-control.js';
import { mapControl } from './map-control.js';
import { messageControl } from './message-control.js';
import { durationControl, numberControl, textControl } from './text-control.js';
import { timestampControl } from './timestamp-control.js';

/** The control of a value. */
export function controlOf(shape: Shape, place: ControlPlace): FormControl {
  switch (shape.kind) {
    case 'scalar':
      return scalarControl(shape.scalar, place);
    case 'enum':
      return enumControl(shape.type, place);
    case 'list':
      return listControl(shape.item, place);
    case 'map':
      return mapControl(shape.key, shape.value, place);
    case 'message':
      break;
  }
  switch (wellKnownName(shape.type)) {
    case 'Timestamp':
      return timestampControl(place);
    case 'Duration':
      return durationControl(place);
    case 'FieldMask':
      return textControl(place, 'paths with commas between: name,address.city');
    case 'Any':
      return anyControl(place);
    case 'Struct':
    case 'ListValue':
    case 'Value':
      return jsonControl(place);
    case undefined:
      return messageControl(shape.type, place);
  }
}

function scalarControl(scalar: ScalarType, place: ControlPlace): FormControl {
  switch (scalar) {
    case ScalarType.BOOL:
      return booleanControl(place);
    case ScalarType.STRING:
      return textControl(place);
    case ScalarType.BYTES:
      return bytesControl(place);
    default:
      return numberControl(scalar, place);
  }
}
