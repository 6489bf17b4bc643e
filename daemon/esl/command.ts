/** An application to run on the channel, its argument already built from checked pieces. See the builders below. */
export interface Application {
  readonly app: string;
  readonly arg: string;
}
