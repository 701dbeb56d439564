"""What is said of an agent's work beside its answer, in the question's language."""

from collections.abc import Iterator


def no_model(language: str) -> str:
    """There is no chat model."""
    return _in(
        language,
        "There is no chat model that could look things up; this is the ordinary answer.",
        "没有可以自行查找的对话模型，以下是普通回答。",
    )


def no_tools(language: str, *, model: str) -> str:
    """The model can be given no tools."""
    return _in(
        language,
        f"The model {model} cannot call tools, so it does not look things up by itself; this is "
        "the ordinary answer.",
        f"模型 {model} 不能调用工具，无法自行查找，以下是普通回答。",
    )


def failed(language: str, *, model: str, done: int, of: int) -> str:
    """The model was tried and is not sure enough."""
    return _in(
        language,
        f"The model {model} made {done} of {of} trial calls rightly, too few to look things up by "
        "itself; this is the ordinary answer.",
        f"模型 {model} 在 {of} 次试调用中只有 {done} 次正确，不足以自行查找，以下是普通回答。",
    )


def not_tried(language: str) -> str:
    """The trial was stopped."""
    return _in(
        language,
        "The trial whether the model can look things up was stopped.",
        "对模型能否自行查找的试验已停止。",
    )


def too_short(language: str, *, model: str, tokens: int) -> str:
    """There is no room for what would be read."""
    return _in(
        language,
        f"The model {model} reads {tokens:,} tokens at once, too few to look things up.",
        f"模型 {model} 一次只能读 {tokens:,} 个词元，不足以自行查找。",
    )


def notes(
    language: str,
    *,
    calls: int,
    most: int,
    repeats: int,
    late: bool,
    said: bool,
    read: int,
) -> Iterator[str]:
    """How the answer came about: how much was looked up, and what it was stopped by."""
    if calls:
        times = "once" if calls == 1 else f"{calls} times"
        places = "1 passage" if read == 1 else f"{read} passages"
        yield _in(
            language,
            f"The model looked things up {times} and read {places}.",
            f"模型查找了 {calls} 次，读了 {read} 段。",
        )
    if calls > most:
        yield _in(
            language,
            f"It was stopped after {most} calls.",
            f"它在 {most} 次调用后被停止。",
        )
    if repeats:
        yield _in(
            language,
            "It made the same call again, which was not run.",
            "它重复了相同的调用，重复的没有执行。",
        )
    if late:
        yield _in(language, "Its time was up.", "它的时间已用完。")
    if not said:
        yield _in(
            language,
            "It gave no answer; what the documents say is quoted instead.",
            "它没有给出回答，因此引用文件中的原文。",
        )
    elif not read:
        yield _in(
            language,
            "It answered without reading anything, so its answer is not shown; what the documents "
            "say is quoted instead.",
            "它没有读任何内容就作答，因此不显示其回答，而引用文件中的原文。",
        )


def _in(language: str, english: str, chinese: str) -> str:
    return chinese if language == "zh" else english
