import { YouPage } from '../features/people/you-page';
import { FactorsPanel } from '../features/session/factors';

/** One's own account, with the second step beside the password. */
export function You() {
  return <YouPage factors={<FactorsPanel />} />;
}
