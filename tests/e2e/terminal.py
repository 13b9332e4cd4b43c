"""A program on a terminal of its own: what a person sees and types."""

import os
import pty
import select
import subprocess

from conftest import TIMEOUT


class Terminal:
    """Standard input and standard error are the terminal; standard output is kept apart."""

    def __init__(self, words, cwd, env):
        self.controller, terminal = pty.openpty()
        self.process = subprocess.Popen(words, cwd=cwd, env=env, stdin=terminal, stderr=terminal,
                                        stdout=subprocess.PIPE, text=True)
        os.close(terminal)
        self.said = ""

    def wait_for(self, text):
        """Everything that was said up to the text, which has not been answered yet."""
        while text not in self.said:
            ready, _, _ = select.select([self.controller], [], [], TIMEOUT)
            assert ready, (text, self.said)
            self.said += os.read(self.controller, 1000).decode()
        before, self.said = self.said.split(text, 1)
        return before

    def type(self, answer):
        os.write(self.controller, answer.encode())

    def answer(self, prompt, answer):
        before = self.wait_for(prompt)
        self.type(answer + "\n")
        return before

    def end(self):
        """Waits for the program; (status, standard output, the rest of the terminal's text)."""
        out, _ = self.process.communicate(timeout=TIMEOUT)
        while True:
            try:
                more = os.read(self.controller, 1000)
            except OSError:  # the other side is closed
                break
            if not more:
                break
            self.said += more.decode()
        os.close(self.controller)
        return self.process.returncode, out, self.said
