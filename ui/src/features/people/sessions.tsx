import { Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Skeleton } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { endSession, endSessions, sessions } from '../../api/people';
import { useTell } from '../../kit/failure';
import { Panel } from '../../kit/page';
import { When } from '../../kit/when';
import classes from './people.module.css';

/** Where a person is signed in, now and lately; each can be ended. */
export function SessionsPanel({ person }: { person: string }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error } = useQuery({ ...sessions(person), retry: false });
  if (error) return null;
  const again = () => client.invalidateQueries({ queryKey: ['people', person, 'sessions'] });
  const open = (data ?? []).filter((each) => !each.ended_at);
  return (
    <Panel
      title={t`Sessions`}
      note={t`Every place where this account is signed in, and was lately.`}
      action={
        open.length > 1 ? (
          <Button variant="default" onClick={() => endSessions(person).then(again, tell)}>
            <Trans>End all</Trans>
          </Button>
        ) : undefined
      }
    >
      {!data ? (
        <Skeleton height={80} />
      ) : (
        <ul className={classes.list}>
          {data.slice(0, 20).map((each) => (
            <li key={each.id} className={classes.item}>
              <div className={classes.grow}>
                <div className={classes.device}>
                  {each.device || t`Unknown device`}{' '}
                  {each.current && (
                    <Badge size="xs" variant="light" tt="none">
                      <Trans>this one</Trans>
                    </Badge>
                  )}
                </div>
                <div className={classes.quiet}>
                  {each.address} ·{' '}
                  {each.ended_at ? (
                    <Trans>
                      ended <When at={each.ended_at} />
                    </Trans>
                  ) : (
                    <Trans>
                      last used <When at={each.last_used_at} />
                    </Trans>
                  )}
                </div>
              </div>
              {!each.ended_at && !each.current && (
                <Button variant="default" onClick={() => endSession(each.id).then(again, tell)}>
                  <Trans>End</Trans>
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
