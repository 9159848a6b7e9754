import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Skeleton } from '@mantine/core';
import { IconShare, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type Kind, kinds, type Sight } from '../../api/kinds';
import { access, type Record_, type Share, shares, unshare } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Named } from '../../kit/avatar';
import { Failure, useTell } from '../../kit/failure';
import { useReasonWords } from '../../kit/reason-words';
import { useSightWords } from '../../kit/rights-words';
import { When } from '../../kit/when';
import { fieldLabel, kindMany } from '../../kit/words';
import { useCache } from './cache';
import classes from './seen.module.css';

/** Who may see the record, and why: the same code that decides gives the reasons. */
export function AccessTab({
  kind,
  record,
  readOnly,
  onShare,
}: {
  kind: Kind;
  record: Record_;
  readOnly: boolean;
  onShare: () => void;
}) {
  const { t } = useLingui();
  const me = useMe();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const { data, error, refetch } = useQuery(access(kind.plural, record.id));
  const { data: shared = [] } = useQuery({ ...shares(kind.plural, record.id), retry: false });
  const sightWords = useSightWords();
  const say = useReasonWords();
  const labelOf = (name: string) => {
    const field = kind.fields.find((one) => one.name === name);
    return field ? fieldLabel(field) : name;
  };
  const mayShare = holds(me, 'records.share') && !readOnly;

  return (
    <section aria-label={t`Who can see it`}>
      {(mayShare || shared.length > 0) && (
        <>
          <Group justify="space-between" mb={4}>
            <strong>
              <Trans>Shared with</Trans>
            </strong>
            {mayShare && (
              <Button variant="default" leftSection={<IconShare size={14} />} onClick={onShare}>
                <Trans>Share</Trans>
              </Button>
            )}
          </Group>
          {shared.length === 0 && (
            <p className={classes.lead}>
              <Trans>With nobody beyond those whose role opens it.</Trans>
            </p>
          )}
          <ul className={classes.list}>
            {shared.map((each) => (
              <li key={each.principal} className={classes.row}>
                <div className={classes.who}>
                  <Named name={each.person?.name ?? each.group?.name ?? ''} />
                </div>
                <Group justify="space-between" wrap="nowrap" className={classes.what}>
                  <span>
                    {each.level === 'edit' ? <Trans>may change it</Trans> : <Trans>may see it</Trans>}
                    {each.ends_at && (
                      <span className={classes.when}>
                        {' '}
                        <Trans>
                          until <When at={each.ends_at} />
                        </Trans>
                      </span>
                    )}
                    <Closed share={each} />
                  </span>
                  {mayShare && (
                    <ActionIcon
                      aria-label={t`End sharing with ${each.person?.name ?? each.group?.name ?? ''}`}
                      onClick={async () => {
                        try {
                          await unshare(kind.plural, record.id, each.principal);
                          await Promise.all([
                            cache.forget('shares', record.id),
                            cache.forget('access', record.id),
                          ]);
                        } catch (failure) {
                          tell(failure);
                        }
                      }}
                    >
                      <IconX size={15} />
                    </ActionIcon>
                  )}
                </Group>
              </li>
            ))}
          </ul>
        </>
      )}
      <strong>
        <Trans>Everyone who can see it</Trans>
      </strong>
      {error ? (
        <Failure failure={error} retry={refetch} />
      ) : !data ? (
        <Skeleton height={120} mt={8} />
      ) : (
        <ul className={classes.list}>
          {data.map((each) => (
            <li key={each.person.id} className={classes.row}>
              <div className={classes.who}>
                <Named name={each.person.name} />
              </div>
              <div className={classes.what}>
                <div className={classes.can}>
                  {Object.entries(each.sights)
                    .filter(([, sight]) => sight !== 'plain')
                    .map(([name, sight]) => (
                      <span key={name}>
                        {labelOf(name)}: {sightWords[sight as Sight] ?? sight}
                      </span>
                    ))}
                </div>
                <ul className={classes.because}>
                  {each.because.map((reason) => (
                    <li key={reason.sentence}>{say(reason)}</li>
                  ))}
                </ul>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What a share does not open of what lies on the record, as whoever shared did not hold it. */
function Closed({ share }: { share: Share }) {
  const { data: all = [] } = useQuery(kinds);
  const by = share.by.name;
  return share.opens
    .filter((each) => each.grade !== 'all')
    .map((each) => {
      const kind = all.find((one) => one.name === each.kind);
      const many = kind ? kindMany(kind) : each.kind;
      return (
        <div key={each.kind} className={classes.when}>
          {each.grade === 'own' ? (
            <Trans>
              {many}: only those of {by}
            </Trans>
          ) : (
            <Trans>{many}: only what their own role opens</Trans>
          )}
        </div>
      );
    });
}
