import { Trans, useLingui } from '@lingui/react/macro';
import { Kbd, Modal, Table } from '@mantine/core';

/** All keys on one page. */
export default function Keys({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const groups: [string, [string[], string][]][] = [
    [
      t`Everywhere`,
      [
        [['Ctrl', 'K'], t`Search`],
        [['?'], t`These keys`],
        [['G', 'C'], t`To the clients`],
        [['G', 'F'], t`To the companies`],
        [['G', 'D'], t`To the deals`],
        [['G', 'J'], t`To the journal`],
        [['G', 'T'], t`To the tasks`],
        [['G', 'S'], t`To security`],
        [['G', ','], t`To the settings`],
      ],
    ],
    [
      t`In a list`,
      [
        [['↑', '↓'], t`Move (J and K do the same)`],
        [['Enter'], t`Open`],
        [['←', '→'], t`Into the cells of the row, as a press on one does`],
        [['F2'], t`Change the cell, as Enter or a second press does`],
        [['X'], t`Tick; with Shift, all between`],
        [['N'], t`New`],
        [['Esc'], t`Close the card`],
      ],
    ],
    [
      t`In the journal`,
      [
        [['[', ']'], t`The days before and after`],
        [['T'], t`Today`],
        [['D', 'W'], t`Day or week`],
        [['N'], t`Book`],
        [['↑', '↓'], t`Move the appointment by 15 minutes; with Shift, its end`],
        [['←', '→'], t`Move it to another person or day`],
        [['1', '…', '4'], t`Waiting, confirmed, came, did not come`],
      ],
    ],
    [
      t`On a card`,
      [
        [['Enter'], t`Change the field; Enter again keeps it`],
        [['Esc'], t`Leave the field as it was`],
        [['Ctrl', 'Enter'], t`Send the comment`],
      ],
    ],
  ];
  return (
    <Modal
      opened
      onClose={onClose}
      title={<Trans>Keys</Trans>}
      size="md"
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      {groups.map(([name, keys]) => (
        <section key={name}>
          <h3 style={{ margin: '10px 0 2px', fontSize: '0.8125rem' }}>{name}</h3>
          <Table verticalSpacing={4} withRowBorders={false}>
            <Table.Tbody>
              {keys.map(([combination, does]) => (
                <Table.Tr key={does}>
                  <Table.Td w={140}>
                    {combination.map((key) => (
                      <Kbd key={key} mr={4}>
                        {key}
                      </Kbd>
                    ))}
                  </Table.Td>
                  <Table.Td>{does}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      ))}
    </Modal>
  );
}
