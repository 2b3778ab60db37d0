"""Pictures that come with a form about a claim, cleaned before any transaction begins."""

from starlette.datastructures import FormData, UploadFile

from cishan.errors import InvalidInput
from cishan.pictures.actions import clean_upload
from cishan.pictures.encoder import CleanPicture


async def clean_file(fields: FormData, name: str) -> CleanPicture | None:
    """The picture in a field, None when none was chosen; what is wrong with it is said at this field."""
    upload = fields.get(name)
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    try:
        return await clean_upload(upload)
    except InvalidInput as error:
        raise InvalidInput({name: "；".join(error.fields.values())}) from error
