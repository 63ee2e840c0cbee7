import { playMatrix } from './matrix.js';

playMatrix('http2');
