async function titleOf(searchParams) {
  const { sort } = await searchParams
  return sort ? `Projects by ${sort}` : 'Projects'
}

export async function generateMetadata({ searchParams }) {
  return { title: await titleOf(searchParams) }
}

export default async function Projects({ searchParams }) {
  return <h1>{await titleOf(searchParams)}</h1>
}
