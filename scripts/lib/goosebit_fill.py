"""Run by goosebit's own Python: makes its tables, one image, and devices that are registered, of which one in ten has an update.

    goosebit_fill.py DEVICES IMAGE
"""

import asyncio
import hashlib
import pathlib
import sys

from goosebit.db.config import TORTOISE_CONF
from goosebit.db.models import Device, Hardware, Software, SoftwareImageFormat, UpdateModeEnum, UpdateStateEnum
from tortoise import Tortoise


async def fill(devices, image):
    await Tortoise.init(config=TORTOISE_CONF)
    await Tortoise.generate_schemas()
    hardware = await Hardware.create(model="default", revision="default")
    content = image.read_bytes()
    software = await Software.create(
        uri=image.as_uri(), size=len(content), hash=hashlib.sha1(content).hexdigest(), version="2.0.0",
        image_format=SoftwareImageFormat.SWU)
    await software.compatibility.add(hardware)
    await Device.bulk_create([
        Device(
            id=f"bench-{number}", hardware=hardware, sw_version="1.0.0", last_state=UpdateStateEnum.REGISTERED,
            update_mode=UpdateModeEnum.LATEST if number % 10 == 0 else UpdateModeEnum.ROLLOUT)
        for number in range(devices)])
    await Tortoise.close_connections()


asyncio.run(fill(int(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()))
