/** A model's folder on this computer: sent file by file to the server's import folder, from which it is imported. */
import { Alert, Button, LinearProgress, List, ListItem, ListItemText, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { required, useInput } from 'react-admin';
import { ApiError } from 'tandem-client';
import { bytesText } from './fields';
import { client } from './tandem';

interface Chosen {
  /** With the folder's name in front. */
  readonly path: string;
  readonly file: File;
}

/** The files that an import reads; others of the folder, such as the same weights for other programs, stay here. */
const modelFiles = (files: readonly File[]): readonly Chosen[] =>
  files
    .map((file) => ({ path: file.webkitRelativePath.normalize('NFC'), file }))
    .filter(({ path }) => /^[^/]+\/([^./][^/]*\/)?[^./][^/]*\.(json|safetensors|txt)$/.test(path));

/** The name by which the server has a folder that was sent from here; undefined = the folder of an import is another. */
export const uploadedFolder = (folder: string): string | undefined => /^uploads\/([^/]+)$/.exec(folder)?.[1];

/** Sends the folder as it is chosen; then the field `source.folder` of the form names it. */
export const FolderUpload = () => {
  const { field, fieldState } = useInput({ source: 'source.folder', validate: required(), defaultValue: '' });
  const [files, setFiles] = useState<readonly Chosen[]>([]);
  const [sent, setSent] = useState(0);
  const [trouble, setTrouble] = useState('');

  async function send(chosen: readonly Chosen[]): Promise<void> {
    setFiles(chosen);
    setSent(0);
    setTrouble(chosen.length === 0 ? 'The folder has no files of a model.' : '');
    field.onChange('');
    try {
      // What the server has already is answered at once, so a folder may be chosen again where its upload broke.
      for (const { path, file } of chosen) {
        await client.upload(path, file);
        setSent((before) => before + 1);
      }
      if (chosen[0]) field.onChange(`uploads/${chosen[0].path.split('/')[0]}`);
    } catch (error) {
      setTrouble(error instanceof ApiError ? `${error.message}. ${error.extensions.remedy ?? ''}` : String(error));
    }
  }

  const isSending = sent < files.length && trouble === '';
  const stateOf = (index: number): string =>
    index < sent ? 'sent' : index > sent ? 'waits' : isSending ? 'sending' : 'not sent';
  return (
    <Stack spacing={1} sx={{ width: '100%', mb: 2 }}>
      <Button component="label" variant="outlined" disabled={isSending} sx={{ alignSelf: 'start' }}>
        Choose the folder of a model
        <input
          type="file"
          webkitdirectory=""
          hidden
          onChange={({ target }) => {
            const chosen = modelFiles([...(target.files ?? [])]);
            // Else the browser would say nothing where the same folder is chosen again.
            target.value = '';
            void send(chosen);
          }}
        />
      </Button>
      {files.length > 0 && (
        <>
          <LinearProgress variant="determinate" value={(100 * sent) / files.length} aria-label="Files sent" />
          <Typography>{`${sent} of ${files.length} files sent`}</Typography>
          <List dense>
            {files.map(({ path, file }, index) => (
              <ListItem key={path} disablePadding>
                <ListItemText primary={path} secondary={`${bytesText(file.size)}, ${stateOf(index)}`} />
                {stateOf(index) === 'sending' && <LinearProgress sx={{ width: 160 }} aria-label={path} />}
              </ListItem>
            ))}
          </List>
        </>
      )}
      {trouble && <Alert severity="error">{trouble}</Alert>}
      {!trouble && fieldState.isTouched && fieldState.invalid && (
        <Alert severity="error">Choose a folder, and wait until it is sent.</Alert>
      )}
    </Stack>
  );
};
