import { MemoryStore } from '../../../../src/backends/engine/store/memory.ts';
import { storeConformance } from '../../../kit/store-conformance.ts';

storeConformance('memory', () => new MemoryStore());
