"""The script that `quire ui` has Streamlit run; it is run anew for every interaction."""

from quire.models.engine.openmp import wait_passively

wait_passively()  # before anything loads torch, FAISS or llama.cpp

from quire.ui import pages  # noqa: E402

pages.show()
