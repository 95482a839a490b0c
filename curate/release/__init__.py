"""What goes out of the house: a built folder on the Hugging Face Hub (`curate publish`).

out = parcel(Path("my-sft"))          # what goes out; a folder that is not what its lock says does not
sent = publish(out, "org/my-sft")     # uploaded, and compared with what lies there afterwards"""

from curate.release.parcel import Parcel, Piece, parcel
from curate.release.publish import Sent, publish

__all__ = ["Parcel", "Piece", "Sent", "parcel", "publish"]
