import { Injectable } from '@nestjs/common';

/** What all channels ask: whether the server is going to stop. */
@Injectable()
export class ChannelsState {
  draining = false;
}
