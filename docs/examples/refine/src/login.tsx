import { useLogin } from '@refinedev/core';
import { type FormEvent, useState } from 'react';

/** People sign in with an API key, which `tandem key create` makes. */
export const Login = () => {
  const [key, setKey] = useState('');
  const [message, setMessage] = useState('');
  const { mutate: login } = useLogin<{ key: string }>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login({ key }, { onSuccess: ({ error }) => setMessage(error?.message ?? '') });
  };
  return (
    <form className="login" onSubmit={submit}>
      <h1>Tandem</h1>
      <p>Sign in with an API key. It is forgotten when you close this tab.</p>
      <label>
        API key
        <input
          type="password"
          autoComplete="off"
          required
          value={key}
          onChange={({ target }) => {
            setKey(target.value);
            setMessage('');
          }}
        />
        {message && <span role="alert">{message}</span>}
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
};
