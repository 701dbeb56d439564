"""/api/documents and /api/jobs: what there is, and how more comes in."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.datastructures import UploadFile

from quire.errors import PageNotFound
from quire.records import Document
from quire.server import limits
from quire.server.errors import Refused
from quire.server.served import Served, served

router = APIRouter(prefix="/api", tags=["Documents"])

Serving = Annotated[Served, Depends(served)]
Kb = Annotated[
    str | None, Query(max_length=200, description="The name of a knowledge base; the first.")
]
Reference = Annotated[
    str, Path(max_length=4096, description="A document's name, or the beginning of its id.")
]
PageNumber = Annotated[int, Path(ge=1, le=1_000_000)]

_FORM: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "maxItems": limits.PARTS,
                        },
                        "password": {
                            "type": "string",
                            "description": "Opens encrypted files; it is kept nowhere.",
                        },
                    },
                }
            }
        },
    }
}


@router.get("/documents", summary="All documents, by name")
def documents(serving: Serving, kb: Kb = None) -> dict[str, Any]:
    found = serving.named(kb).base.documents()
    return {"documents": [document.to_dict() for document in found]}


@router.post(
    "/documents",
    summary="Take files in; each becomes a job",
    status_code=202,
    openapi_extra=dict(_FORM),
)
async def upload(request: Request, serving: Serving, kb: Kb = None) -> Response:
    jobs = serving.named(kb).jobs
    if serving.uploads >= limits.UPLOADS:
        raise Refused(
            503, "too_many_uploads", "Others send files at this moment.", hint="Send yours again."
        )
    serving.uploads += 1
    try:
        async with request.form(max_files=limits.PARTS, max_fields=limits.PARTS) as form:
            files = [each for each in form.getlist("file") if isinstance(each, UploadFile)]
            if not files:
                raise Refused(
                    422,
                    "no_file",
                    "There is no file in the request.",
                    hint="Send it as multipart/form-data, in a field called file.",
                    param="file",
                )
            jobs.require_room(len(files))
            password = form.get("password")
            told = [
                jobs.job(
                    await run_in_threadpool(
                        jobs.add,
                        each.filename or "upload",
                        await each.read(),
                        password=password if isinstance(password, str) else None,
                    )
                )
                for each in files
            ]
    finally:
        serving.uploads -= 1
    return JSONResponse({"jobs": told}, status_code=202)


@router.get("/documents/{document}", summary="One document")
def document(document: Reference, serving: Serving, kb: Kb = None) -> dict[str, Any]:
    return serving.named(kb).base.document(document).to_dict()


@router.delete("/documents/{document}", summary="Remove a document; its file stays")
def remove(document: Reference, serving: Serving, kb: Kb = None) -> dict[str, Any]:
    removed = serving.named(kb).base.remove(document)
    return {"removed": [each.to_dict() for each in removed]}


@router.get(
    "/documents/{document}/pages/{page}.png",
    summary="A picture of a page, with marks",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def page_image(
    document: Reference,
    page: PageNumber,
    serving: Serving,
    *,
    mark: Annotated[
        list[Annotated[str, Field(pattern=r"^\d{1,12}-\d{1,12}$")]],
        Query(
            max_length=limits.MARKS,
            description="START-END, characters of the document's text, as a citation has them.",
        ),
    ] = [],  # noqa: B006  FastAPI copies it
    width: Annotated[
        int, Query(ge=64, le=limits.IMAGE_WIDTH, description="Points across the picture.")
    ] = 1000,
    kb: Kb = None,
) -> Response:
    base = serving.named(kb).base
    marks = [(int(start), int(end)) for start, _, end in (each.partition("-") for each in mark)]
    async with serving.drawing:
        png = await run_in_threadpool(base.page_image, document, page, marks=marks, width=width)
    return Response(png, media_type="image/png")


@router.get("/documents/{document}/pages/{page}", summary="The text of a page")
def page(
    document: Reference,
    page: PageNumber,
    serving: Serving,
    kb: Kb = None,
) -> dict[str, Any]:
    base = serving.named(kb).base
    found = base.document(document)
    for each in base.pages(found):
        if each.number == page:
            return {**_named(found), "page": page, "text": each.text}
    raise PageNotFound(
        f"{found.name} has no page {page}.", hint=f"It has {found.pages or 'no'} pages."
    )


@router.get("/jobs", summary="Files on their way in, and how those before came out")
def jobs(serving: Serving, kb: Kb = None) -> dict[str, Any]:
    return {"jobs": serving.named(kb).jobs.all()}


@router.get("/jobs/{job}", summary="How far one file is")
def job(
    job: Annotated[str, Path(max_length=64)], serving: Serving, kb: Kb = None
) -> dict[str, Any]:
    return serving.named(kb).jobs.job(job)


def _named(document: Document) -> dict[str, Any]:
    return {"document": document.name, "document_id": document.id}
