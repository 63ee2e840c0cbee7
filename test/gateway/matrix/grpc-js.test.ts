import { playMatrix } from './matrix.js';

playMatrix('grpc-js');
