"""Numbers as British English words."""

_BELOW_TWENTY = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def number_in_words(number: int) -> str:
    """Return `number`, from 0 to 9999, in words, such as 'one hundred and five'."""
    if number < 20:
        return _BELOW_TWENTY[number]
    if number < 100:
        return _TENS[number // 10] + ("-" + _BELOW_TWENTY[number % 10] if number % 10 else "")
    size, unit = (1000, "thousand") if number >= 1000 else (100, "hundred")
    head, rest = f"{number_in_words(number // size)} {unit}", number % size
    if not rest:
        return head
    return f"{head} {'and ' if rest < 100 else ''}{number_in_words(rest)}"
