import { Box, Button, Card, CardContent, TextField, Typography } from '@mui/material';
import { type FormEvent, useState } from 'react';
import { Notification, useLogin } from 'react-admin';

/** People sign in with an API key, which `tandem key create` makes. */
export const LoginPage = () => {
  const [key, setKey] = useState('');
  const [message, setMessage] = useState('');
  const login = useLogin();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login({ key }).catch((error: Error) => setMessage(error.message));
  };
  return (
    <Box sx={{ display: 'grid', placeItems: 'center', minHeight: '100vh', bgcolor: 'background.default' }}>
      <Card sx={{ width: 420 }}>
        <CardContent component="form" onSubmit={submit} sx={{ display: 'grid', gap: 2 }}>
          <Typography variant="h5" component="h1">
            Tandem
          </Typography>
          <Typography variant="body2" color="text.secondary">
            Sign in with an API key. It is forgotten when you close this tab.
          </Typography>
          <TextField
            label="API key"
            type="password"
            autoComplete="off"
            autoFocus
            required
            fullWidth
            value={key}
            error={message !== ''}
            helperText={message}
            onChange={({ target }) => {
              setKey(target.value);
              setMessage('');
            }}
          />
          <Button type="submit" variant="contained">
            Sign in
          </Button>
        </CardContent>
      </Card>
      <Notification />
    </Box>
  );
};
