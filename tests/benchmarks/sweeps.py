"""Files of sweeps; tests only."""

import json


def written(directory, content):
    path = str(directory / "mine.json")
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path
