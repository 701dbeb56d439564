"""Streamlit's server, as `quire ui` runs it in a process of its own.

To judge whether a page from elsewhere may connect, Streamlit asks a server on the internet for the
external address of this machine. Nothing may leave the machine, so it is told that there is none.
"""

from streamlit import net_util
from streamlit.web import cli


def no_external_address() -> None:
    """Stands in for the look-up of this machine's address by a server elsewhere."""


net_util.get_external_ip = no_external_address

if __name__ == "__main__":
    cli.main()
