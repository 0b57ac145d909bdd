"""Python's collector of cycles, told what kind of process this is: one that keeps much, and leaves few cycles.

By default it looks at the youngest objects after every 700, and at all there are whenever a quarter came on top. A
first list of 400,000 objects costs a tenth more for it, and holds the loop up to 0.1 s at a time, to find nothing.
"""

import gc

THRESHOLDS = (50_000, 20, 100)
"""Objects, then collections of the generation before: what a change leaves behind is still found within seconds."""


def settle() -> None:
    """What there is now is here to stay, and not looked at again: call it once all is imported, and once all is listed.

    It goes as soon as nobody refers to it all the same, unless it is part of a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
