"""The log of the ledger for outsiders: checkpoints and proofs, as the text files their verifiers read."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from aia.api.deps import AppDep, ReadDep
from aia.core.money import UNITS_MAX
from aia.ledger.audit.service import NotInLog

router = APIRouter(prefix="/v1", tags=["log"], default_response_class=PlainTextResponse)
Size = Annotated[
    int | None, Query(ge=0, le=UNITS_MAX, description="Transfers under the checkpoint; default: the newest")
]
TransferId = Annotated[str, Path(max_length=40, pattern=r"^[!-~]+$")]


@router.get("/log/key")
async def get_log_key(app: AppDep, _: ReadDep) -> str:
    """The public key that checkpoints are signed with (C2SP signed-note)."""
    return f"{app.log.key.verifier}\n"


@router.get("/log/checkpoint")
async def get_checkpoint(app: AppDep, read: ReadDep, size: Size = None) -> str:
    """A signed checkpoint: origin, number of transfers, root (C2SP tlog-checkpoint)."""
    if size is not None:
        return str(await app.log.checkpoint_at(read, size))
    newest = await app.log.newest(read)
    if newest is None:
        raise NotInLog("no checkpoint was made yet: ask again in a moment")
    return str(newest)


@router.get("/log/consistency")
async def get_consistency(
    app: AppDep, read: ReadDep, since: Annotated[int, Query(ge=0, le=UNITS_MAX)], size: Size = None
) -> str:
    """A proof that the log only grew since it had `since` transfers."""
    return str(await app.log.prove_consistency(read, since, size))


@router.get("/transfers/{transfer_id}/proof")
async def get_inclusion(transfer_id: TransferId, app: AppDep, read: ReadDep, size: Size = None) -> str:
    """A proof that a transfer of the organisation stands in the log (C2SP tlog-proof)."""
    return str(await app.log.prove_inclusion(read, transfer_id=transfer_id, tree_size=size))
