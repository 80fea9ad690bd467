# Not built where this was written, as no Docker was at hand; docs/command_line.md has the commands.
FROM python:3.7
WORKDIR /adagan
COPY requirements requirements
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/lock.txt
COPY . .
ENV PATH="/adagan/.venv/bin:$PATH"
VOLUME /runs
ENTRYPOINT ["python", "main.py"]
CMD ["--flagfile=cpu.flags", "--workdir=/runs/results"]
